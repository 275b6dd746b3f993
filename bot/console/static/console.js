// The console's own script: small, and every page works without it.
"use strict";

// A choice that is sent at once where scripts run; without them its button sends it.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});

// A session that ended: what htmx or the stream asked for is answered with 401.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 && document.body.dataset.signIn) location.assign(document.body.dataset.signIn);
});

// What happens elsewhere: each event once, in order; the browser brings the last one's number when it reconnects.
(() => {
  const agent = document.body.dataset.agent;
  if (!agent || !document.querySelector("[data-live]")) return;
  const live = document.getElementById("live");
  const title = document.title;
  let unseen = 0;
  let sound = null;
  const stream = new EventSource("/console/events");
  const beep = () => {
    try {
      sound = sound || new AudioContext();
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      volume.gain.value = 0.05;
      tone.connect(volume).connect(sound.destination);
      tone.start();
      tone.stop(sound.currentTime + 0.15);
    } catch { /* a browser without sound, or one that allows none yet */ }
  };
  stream.addEventListener("live", (event) => {
    const data = JSON.parse(event.data);
    htmx.trigger(document.body, "live", data);
    if (data.handoff) htmx.trigger(document.body, `live-${data.handoff}`, data);
    if (data.kind === "asked") live.textContent = "Alguien espera a una persona.";
    if (data.kind === "person_said") live.textContent = "Hay un mensaje nuevo.";
    if (data.kind === "asked" || data.kind === "person_said") {
      beep();
      if (document.hidden) document.title = `(${++unseen}) ${title}`;
    }
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) location.assign(document.body.dataset.signIn);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { unseen = 0; document.title = title; }
  });
})();

// The thread stays at its end unless its reader went up.
(() => {
  const thread = document.getElementById("thread");
  if (!thread) return;
  let atEnd = true;
  const toEnd = () => { thread.scrollTop = thread.scrollHeight; };
  thread.addEventListener("scroll", () => { atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40; });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target === thread && atEnd) toEnd(); });
  toEnd();
})();

// Ready answers: "/" and some letters list those that fit; a click or Enter puts one into the text.
(() => {
  const text = document.querySelector("textarea[data-canned]");
  const list = document.getElementById("canned");
  if (!text || !list) return;
  const typed = () => (/(?:^|\s)\/(\S*)$/.exec(text.value.slice(0, text.selectionStart)) || [null, null])[1];
  const show = () => {
    const part = typed();
    let some = false;
    for (const button of list.querySelectorAll("button")) {
      const fits = part !== null && button.dataset.shortcut.startsWith(part.toLowerCase());
      button.parentElement.hidden = !fits;
      some = some || fits;
    }
    list.hidden = !some;
  };
  const insert = (button) => {
    const before = text.value.slice(0, text.selectionStart).replace(/\/\S*$/, "");
    text.value = before + button.dataset.insert + text.value.slice(text.selectionStart);
    list.hidden = true;
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    const first = list.hidden ? null : list.querySelector("li:not([hidden]) button");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
    else if (event.key === "Enter" && first) { event.preventDefault(); insert(first); }
    else if (event.key === "Escape") list.hidden = true;
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) insert(button);
  });
})();
