// What both phones share: calls to the gateway, ticks, times.

const root = document.body.dataset.root;

/** POST JSON to the gateway; throws an Error whose message can be shown. */
export async function post(path, body) {
  let answer;
  try {
    answer = await fetch(`${root}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("No hay conexión con el servidor.");
  }
  if (answer.ok) return answer.json();
  if (answer.status === 503) throw new Error("El operador de prueba no responde.");
  throw new Error("No se pudo enviar.");
}

/** GET JSON from the gateway. */
export async function get(path) {
  const answer = await fetch(`${root}/${path}`);
  if (!answer.ok) throw new Error("No hay conexión con el servidor.");
  return answer.json();
}

/** Open the stream of what happens on a number's phones. */
export function stream(number, after) {
  return new EventSource(`${root}/events?number=${encodeURIComponent(number)}&after=${after}`);
}

/** Make an element; `attributes` with a value of null are left out. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const OWN = {
  sent: ["✓", "Enviado"],
  delivered: ["✓✓", "Entregado"],
  read: ["✓✓", "Leído"],
  failed: ["!", "No se entregó"],
};
const THEIRS = {
  accepted: "en camino",
  queued: "en camino",
  sending: "en camino",
  sent: "enviado",
  delivered: "entregado",
  read: "leído",
  undelivered: "no entregado",
  failed: "no entregado",
};

/** The tick of a message that this phone sent. */
export function tick(message) {
  const [sign, words] = OWN[message.mark] || OWN.sent;
  return make("span", { class: `tick ${message.mark}`, role: "img", "aria-label": words, title: words }, sign);
}

/** The carrier's word about a message that this phone received. */
export function status(message) {
  return THEIRS[message.status] || message.status;
}

/** The hour of a message, as the browser's clock has it. */
export function hour(message) {
  const time = new Date(message.at);
  const words = time.toLocaleTimeString("es-MX", { hour: "2-digit", minute: "2-digit", hour12: false });
  return make("time", { datetime: message.at }, words);
}

/** Whether a message was sent by this phone. */
export const own = (message) => message.direction === "inbound";

/** A phone's list of messages: each has one item, which is made anew when it changes. */
export class Log {
  constructor(list, render) {
    this.list = list;
    this.render = render;
    this.items = new Map();
  }

  /** Show a message, or show it as it is now; returns whether it is new. */
  show(message) {
    const old = this.items.get(message.sid);
    const item = this.render(message);
    item.dataset.seq = message.seq;
    if (old) {
      this.renew(old, item);
      return false;
    }
    const next = [...this.list.children].find((each) => Number(each.dataset.seq) > message.seq) || null;
    this.list.insertBefore(item, next);
    this.items.set(message.sid, item);
    if (next === null) this.list.scrollTop = this.list.scrollHeight;
    return true;
  }

  /** Only the line below a message changes: what may have the focus stays. */
  renew(old, item) {
    old.querySelector(".about").replaceWith(item.querySelector(".about"));
  }

  clear() {
    this.list.replaceChildren();
    this.items.clear();
  }
}

/** Let a form send its text with Enter (Shift and Enter: a new line), and say what goes wrong. */
export function composer(form, send) {
  const text = form.elements.text;
  const error = form.querySelector(".error");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const written = text.value;
    if (!written.trim()) return text.focus();
    error.textContent = "";
    text.value = "";
    text.dispatchEvent(new Event("input"));
    text.focus();
    try {
      await send(written);
    } catch (problem) {
      error.textContent = problem.message;
      text.value = written;
      text.dispatchEvent(new Event("input"));
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

/** Run what a tap does; its failure is said below the composer. */
export async function attempt(form, action) {
  const error = form.querySelector(".error");
  error.textContent = "";
  try {
    await action();
  } catch (problem) {
    error.textContent = problem.message;
  }
}
