// The console's own script: small, and every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

// A choice that is sent at once where scripts run; without them its button sends it.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});

// A session that ended: what htmx or the stream asked for is answered with 401.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 && document.body.dataset.signIn) location.assign(document.body.dataset.signIn);
});

// What is no longer one's own is taken from the page that shows it: the answer says why.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 403 && event.target.matches("[data-live]")) event.detail.shouldSwap = true;
});

// Sound and title alerts can be switched off; this browser remembers.
const alerts = (() => {
  const box = document.querySelector("input[data-alerts]");
  const on = () => { try { return localStorage.getItem("alerts") !== "off"; } catch { return true; } };
  if (box) {
    box.checked = on();
    box.parentElement.hidden = false;
    box.addEventListener("change", () => {
      try { localStorage.setItem("alerts", box.checked ? "on" : "off"); } catch { /* no storage: for this page only */ }
    });
  }
  return () => (box ? box.checked : on());
})();

// A session that ends for want of work is announced, and can go on. What pages ask by themselves is no work.
(() => {
  const { idle, alive, signIn } = document.body.dataset;
  const warning = document.getElementById("ending");
  if (!idle || !warning) return;
  const whole = Number(idle) * 1000;
  const ahead = Math.min(120000, whole / 3);
  const byThemselves = /\/(?:list|thread|call|figures|events)(?:\?|$)/;
  // What is done in one window of the console counts for all of them.
  let latest = 0;
  const shared = () => { try { return Number(localStorage.getItem("worked")) || 0; } catch { return 0; } };
  const worked = () => {
    latest = Date.now();
    try { localStorage.setItem("worked", String(latest)); } catch { /* this window counts for itself */ }
    warning.hidden = true;
  };
  const stay = () => htmx.ajax("POST", alive, { swap: "none" });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && !byThemselves.test(event.detail.pathInfo.requestPath)) worked();
  });
  warning.querySelector("[data-stay]").addEventListener("click", stay);
  setInterval(() => {
    const left = Math.max(latest, shared()) + whole - Date.now();
    if (left <= 0) location.assign(signIn);
    else if (left > ahead) warning.hidden = true;
    else if (warning.hidden) {
      warning.hidden = false;
      warning.querySelector("[data-stay]").focus();
    }
  }, 1000);
  worked();
})();

// What happens elsewhere: each event once, in order; the browser brings the last one's number when it reconnects.
(() => {
  const agent = document.body.dataset.agent;
  if (!agent || !document.querySelector("[data-live]")) return;
  const live = document.getElementById("live");
  const title = document.title;
  let unseen = 0;
  let sound = null;
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
  // Lists are looked at again at once when somebody comes or goes, and only now and then for what is said meanwhile:
  // with twenty agents at work every word would bring twenty requests.
  const due = {};
  const refresh = (name, after) => {
    const at = Date.now() + after;
    if (due[name] && due[name].at <= at) return;
    if (due[name]) clearTimeout(due[name].timer);
    const timer = setTimeout(() => { delete due[name]; htmx.trigger(document.body, name); }, after);
    due[name] = { at, timer };
  };
  const happened = (event) => {
    const data = JSON.parse(event.data);
    if (data.kind !== "delivery") refresh("live", /_said$/.test(data.kind) ? 3000 : 100);
    if (data.handoff) refresh(`live-${data.handoff}`, 100);
    if (!data.alert) return; // not one's own, and nobody whom one may take (bot.console.queue.calls)
    live.textContent = data.kind === "person_said" ? "Hay un mensaje nuevo." : "Alguien espera a una persona.";
    if (alerts()) beep();
    if (document.hidden && alerts()) document.title = `(${++unseen}) ${title}`;
  };
  // A cut connection is the browser's to mend. An answer that is no stream (a restart behind a proxy, a full house)
  // ends the stream for good: then it is opened anew, after the last event that came. Who was signed out hears so
  // from the page's other requests.
  let last = document.body.dataset.last;
  const listen = () => {
    const stream = new EventSource(`/console/events?last=${last}`);
    stream.addEventListener("live", (event) => { last = event.lastEventId || last; happened(event); });
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    });
  };
  listen();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { unseen = 0; document.title = title; }
  });
})();

// In the queue, with the focus in it: j and k (or the arrows) go from person to person, t takes the one.
(() => {
  const queue = document.getElementById("queue");
  if (!queue) return;
  const rows = () => [...queue.querySelectorAll(".row")].filter((row) => row.querySelector("a.button"));
  const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  queue.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = rows();
    const here = all.indexOf(event.target.closest(".row"));
    if (event.key in steps && all.length) {
      event.preventDefault();
      const next = Math.min(all.length - 1, Math.max(0, here + steps[event.key]));
      all[next].querySelector("a.button").focus();
    } else if (event.key === "t" && here >= 0) {
      const take = all[here].querySelector("form button");
      if (take) take.form.requestSubmit();
    }
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
