// What the console does beyond plain pages and forms. All of it can be missing: then one reloads, and presses the buttons.
"use strict";

(() => {
  document.documentElement.classList.add("scripted");

  // The page as the server would write it now, as a document. `null` where it cannot be had.
  const load = async (address, options) => {
    try {
      const answer = await fetch(address, { ...options, redirect: "error" });
      const kind = answer.headers.get("content-type") ?? "";
      return kind.startsWith("text/html") ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    } catch {
      return null;
    }
  };

  const at = (part) => (part.nodeType === Node.ELEMENT_NODE ? part.id : "") || null;
  const isSame = (one, other) => one.nodeName === other.nodeName && at(one) === at(other);

  // Brings `old` to what `fresh` is, and leaves alone whatever is the same: the focus, an open <details>, a selection.
  const morph = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    // What is chosen in a list belongs to the place of an option, not to the option: changed in place, another one would be chosen.
    if (old.nodeName === "SELECT") {
      old.replaceWith(document.importNode(fresh, true));
      return;
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) old.removeAttribute(name);
    }
    const staying = new Set([...fresh.children].map(at));
    for (const child of [...old.children]) {
      if (at(child) && !staying.has(at(child))) child.remove();
    }
    let next = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = at(wanted) && [...old.children].find((child) => at(child) === at(wanted));
      if (known && known !== next) old.insertBefore(known, next);
      if (known) next = known;
      if (next && isSame(next, wanted)) {
        const same = next;
        next = next.nextSibling;
        const isNews = same.nodeName === "TR" && !timeless(same).isEqualNode(timeless(wanted));
        morph(same, wanted);
        if (isNews) flash(same);
      } else {
        const added = document.importNode(wanted, true);
        old.insertBefore(added, next);
        if (added.nodeName === "TR") flash(added);
      }
    }
    while (next) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
  };

  // A row as it would be if no time had passed.
  const timeless = (row) => {
    const copy = row.cloneNode(true);
    copy.classList.remove("fresh");
    if (!copy.classList.length) copy.removeAttribute("class");
    for (const time of copy.querySelectorAll("time")) time.replaceChildren();
    return copy;
  };

  const flash = (element) => {
    element.classList.add("fresh");
    element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
  };

  // Replaces the parts with these ids by those of a page that was loaded.
  const replace = (page, parts) => {
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh) morph(part, fresh);
    }
  };

  const liveParts = () => [...document.querySelectorAll("[data-live]")];

  // --- Live: the server says that something changed, and the live parts are loaded anew. At most one load is under way and one
  // more is due, whatever the number of changes; a page in the background does nothing at all.

  const sign = document.getElementById("live");
  const say = (state, words) => {
    if (!sign) return;
    sign.hidden = false;
    sign.dataset.state = state;
    if (sign.textContent !== words) sign.textContent = words;
  };

  let isLoading = false;
  let isDue = false;
  const PAUSE = 400;

  const refresh = async () => {
    if (isLoading) {
      isDue = true;
      return;
    }
    isLoading = true;
    do {
      isDue = false;
      const shown = location.href;
      const page = await load(shown);
      // A search may have changed the address meanwhile: then this page is the answer to an older question.
      if (page && shown === location.href) replace(page, liveParts());
      await new Promise((done) => setTimeout(done, PAUSE));
    } while (isDue && !document.hidden);
    isLoading = false;
  };

  const address = document.body.dataset.events;
  let events = null;
  const listen = () => {
    if (!address || events || document.hidden) return;
    events = new EventSource(address);
    events.addEventListener("open", () => {
      say("live", "Live");
      refresh();
    });
    events.addEventListener("changed", refresh);
    events.addEventListener("error", () => {
      say("lost", "Not connected");
      // The browser gives up for good where the answer was no stream of events.
      if (events.readyState === EventSource.CLOSED) {
        rest();
        setTimeout(listen, 5000);
      }
    });
  };
  const rest = () => {
    events?.close();
    events = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  // A page that is kept for the way back holds no connection.
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", listen);
  listen();

  // --- Forms that answer while one types. `data-finds` names the parts that they change.

  const after = (pause, act) => {
    let timer;
    return (...what) => {
      clearTimeout(timer);
      timer = setTimeout(() => act(...what), pause);
    };
  };
  const partsOf = (form) => form.dataset.finds.split(" ").map((id) => document.getElementById(id)).filter(Boolean);

  for (const form of document.querySelectorAll("form[data-finds][method=get], form[data-finds]:not([method])")) {
    let latest = 0;
    const find = after(200, async () => {
      const mine = ++latest;
      const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
      const target = `${form.getAttribute("action") || location.pathname}?${query}`;
      const page = await load(target);
      if (!page || mine !== latest) return;
      history.replaceState(null, "", target);
      replace(page, partsOf(form));
    });
    form.addEventListener("input", find);
    form.addEventListener("change", find);
  }

  // A form that is sent by a button, and looks ahead while it is filled in: `data-previews` names the parts that it changes.
  for (const form of document.querySelectorAll("form[data-previews]")) {
    let latest = 0;
    const look = after(250, async (changed) => {
      const mine = ++latest;
      const fields = new URLSearchParams(new FormData(form));
      fields.set("look", "");
      // Not `form.action`: a field of that name stands before it.
      const page = await load(form.getAttribute("action"), { method: "POST", body: fields });
      if (!page || mine !== latest) return;
      const parts = form.dataset.previews.split(" ").map((id) => document.getElementById(id)).filter(Boolean);
      replace(page, parts.filter((part) => !part.contains(changed)));
    });
    form.addEventListener("input", (event) => look(event.target));
    form.addEventListener("change", (event) => look(event.target));
  }
})();
