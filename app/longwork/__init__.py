"""Long work: done in the background, left and come back to, shown in one way whatever it is."""
