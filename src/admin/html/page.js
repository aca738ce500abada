"use strict";
// Takes the changing part of the page from the proxy once a second. The server has rendered it; only
// what differs is replaced, so a selection, the focus and the place in a list stay.
(() => {
  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  const RETRY_MS = 3000, SILENCE_MS = 3500;
  let heard = Date.now();

  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

  const update = (old, fresh) => {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.attributes) {
      for (const { name } of [...old.attributes]) {
        if (!fresh.hasAttribute(name)) old.removeAttribute(name);
      }
      for (const { name, value } of fresh.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      }
    }
    const olds = [...old.childNodes], news = [...fresh.childNodes];
    news.forEach((child, at) => {
      if (at >= olds.length) old.appendChild(child);
      else if (alike(olds[at], child)) update(olds[at], child);
      else old.replaceChild(child, olds[at]);
    });
    olds.slice(news.length).forEach(child => child.remove());
  };

  const show = html => {
    const fresh = new DOMParser().parseFromString(`<div>${html}</div>`, "text/html");
    update(live, Object.assign(fresh.body.firstChild, { id: "live" }));
    document.title = live.querySelector("main").dataset.title;
  };

  const watch = () => {
    const source = new EventSource("events/page");
    source.onmessage = event => {
      heard = Date.now();
      show(JSON.parse(event.data));
    };
    source.onerror = () => {
      // A browser asks again by itself, except after an answer that is no event.
      if (source.readyState === EventSource.CLOSED) setTimeout(watch, RETRY_MS);
    };
  };

  setInterval(() => {
    const silence = Date.now() - heard, isLost = silence > SILENCE_MS;
    document.body.classList.toggle("lost", isLost);
    lost.hidden = !isLost;
    if (isLost) {
      const seconds = Math.round(silence / 1000);
      lost.textContent = `The proxy has sent nothing for ${seconds} s. The numbers are old.`;
    }
  }, 1000);
  watch();
})();
