/* What the pages gain from scripts. Everything works without them; nothing here decides anything. */
"use strict";
(function () {
  const root = document;

  /* Search at hand. */
  root.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      const search = root.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
    if (event.key === "Escape") closeDrops(null, true);
  });

  /* Drop-down panels and article badges close when one goes elsewhere. */
  function closeDrops(except, refocus) {
    root.querySelectorAll("details[data-drop][open], details.article[open]").forEach(function (drop) {
      if (drop === except) return;
      if (refocus && drop.contains(root.activeElement)) drop.querySelector("summary").focus();
      drop.open = false;
    });
  }
  root.addEventListener("click", function (event) {
    closeDrops(event.target.closest("details[data-drop], details.article"), false);
    if (event.target.closest("[data-print]")) window.print();
    const link = event.target.closest(".error-summary a[href^='#']");
    if (link) {
      const target = root.getElementById(link.hash.slice(1));
      if (target) {
        event.preventDefault();
        target.scrollIntoView({ block: "center" });
        target.focus({ preventScroll: true });
      }
    }
  });

  /* The menu stays as wide or narrow as it was left, on screens where it does not cover the page. */
  root.querySelectorAll("input[data-remember]").forEach(function (box) {
    const key = "keguan-" + box.dataset.remember;
    const wide = window.matchMedia("(min-width: 900px)");
    try {
      if (wide.matches) box.checked = localStorage.getItem(key) === "1";
    } catch (_blocked) { /* storage may be off; the menu then starts wide */ }
    box.addEventListener("change", function () {
      try {
        if (wide.matches) localStorage.setItem(key, box.checked ? "1" : "0");
      } catch (_blocked) { /* as above */ }
    });
  });

  /* A second press while the first is on its way does nothing; a download lets go again by itself. */
  root.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    window.setTimeout(function () { delete form.dataset.sent; }, 3000);
  });

  /* Money in words as one types, once it is large enough to be misread. */
  const DIGITS = "零壹贰叁肆伍陆柒捌玖";
  const PLACES = ["", "拾", "佰", "仟"];
  const GROUPS = ["", "万", "亿", "万亿", "亿亿"];
  const FEN = { "元": 2, "万元": 6 };
  const LARGE = 1000000n; /* fen: 1 万元 */

  function toFen(text, unit) {
    const plain = text.trim().replace(/[,，\s]/g, "");
    const places = FEN[unit];
    const parts = /^(\d{1,14})(?:\.(\d*))?$/.exec(plain);
    if (!parts || (parts[2] || "").length > places) return null;
    return BigInt(parts[1] + (parts[2] || "").padEnd(places, "0"));
  }

  function groupInWords(group) {
    let text = "";
    let gap = false;
    for (let place = 3; place >= 0; place--) {
      const digit = Math.floor(group / 10 ** place) % 10;
      if (!digit) {
        gap = text !== "";
        continue;
      }
      text += (gap ? "零" : "") + DIGITS[digit] + PLACES[place];
      gap = false;
    }
    return text;
  }

  function integerInWords(number) {
    const groups = [];
    for (let rest = number; rest > 0n; rest /= 10000n) groups.push(Number(rest % 10000n));
    let text = "";
    let gap = false;
    for (let place = groups.length - 1; place >= 0; place--) {
      const group = groups[place];
      if (!group) {
        gap = text !== "";
        continue;
      }
      if (text && (gap || group < 1000)) text += "零";
      text += groupInWords(group) + GROUPS[place];
      gap = false;
    }
    return text;
  }

  function inWords(fen) {
    const whole = fen / 100n;
    const rest = Number(fen % 100n);
    const jiao = Math.floor(rest / 10);
    const last = rest % 10;
    let text = whole ? integerInWords(whole) + "元" : "";
    if (!rest) return (text || "零元") + "整";
    if (jiao) text += DIGITS[jiao] + "角";
    else if (whole) text += "零";
    return text + (last ? DIGITS[last] + "分" : "整");
  }

  function showWords(input) {
    const output = root.getElementById(input.id + "-words");
    if (!output) return;
    const fen = toFen(input.value, input.dataset.money);
    output.textContent = fen !== null && fen >= LARGE ? inWords(fen) : "";
  }

  root.addEventListener("input", function (event) {
    if (event.target.matches && event.target.matches("input[data-money]")) showWords(event.target);
  });

  function prepare(part) {
    part.querySelectorAll("input[data-money]").forEach(showWords);
    const summary = part.querySelector("[data-focus]");
    if (summary) summary.focus();
  }

  /* htmx: the token goes along, and a failure is said, not swallowed. */
  root.addEventListener("htmx:configRequest", function (event) {
    const token = root.querySelector("meta[name='csrf-token']");
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  function trouble(shown) {
    const line = root.getElementById("trouble");
    if (line) line.hidden = !shown;
  }
  root.addEventListener("htmx:responseError", function () { trouble(true); });
  root.addEventListener("htmx:sendError", function () { trouble(true); });
  root.addEventListener("htmx:beforeRequest", function () { trouble(false); });
  root.addEventListener("htmx:load", function (event) { prepare(event.detail.elt); });

  prepare(root);
})();
