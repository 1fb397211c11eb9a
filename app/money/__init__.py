"""Public money on its way: what is due, who proposes and approves, batches, sheets and bookings."""
