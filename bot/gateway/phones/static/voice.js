// The third phone: calls, a keypad, and words that are typed instead of spoken. It can read aloud what is said.

import { attempt, composer, make, post } from "./common.js";

const STATES = {
  ringing: "Llamando…",
  asking: "Un momento…",
  speaking: "Habla el asistente",
  listening: "Le escucha",
  dialling: "Llamando a una persona…",
  talking: "Habla con una persona",
  ended: "Llamada terminada",
};
const ENDINGS = { busy: "Ocupado", "no-answer": "Nadie contestó", failed: "No se pudo llamar", canceled: "Cancelada" };
const EVENTS = { connected: "En línea con una persona", "hung up": "Se colgó", rejected: "No tomaron la llamada" };

/** What a line of the transcript is on the page: its class, and its words. */
function shown(line) {
  if (line.kind === "said") return ["heard", line.text];
  if (line.kind === "played") return ["heard", "♪ Grabación"];
  if (line.kind === "pressed") return ["did", `Tecla ${line.text}`];
  if (line.kind === "spoke") return ["did", line.text];
  if (line.kind === "silent") return ["noted", "(silencio)"];
  if (line.kind === "lost") return ["noted", `No se oyó: ${line.text}`];
  if (line.text.startsWith("in queue")) return ["noted", "En la fila"];
  return ["noted", EVENTS[line.text] || "Sin respuesta"];
}

export class VoicePhone {
  constructor(section, person) {
    this.person = person;
    this.section = section;
    this.log = section.querySelector(".log");
    this.state = section.querySelector(".state");
    this.ringing = section.querySelector(".ringing");
    this.form = section.querySelector(".composer");
    this.keypad = section.querySelector(".keypad");
    const names = ["call", "answer", "decline", "hang-up", "silence", "aloud"];
    this.buttons = Object.fromEntries(names.map((name) => [name, section.querySelector(`.${name}`)]));
    this.calls = new Map();
    this.current = null;
    this.reading = false;
    composer(this.form, (text) => this.act({ do: "say", text }));
    this.buttons.call.addEventListener("click", () =>
      attempt(this.form, () => post("calls", { number: person.number })),
    );
    this.does("answer", { do: "answer" });
    this.does("decline", { do: "decline" });
    this.does("hang-up", { do: "hang_up" });
    this.does("silence", { do: "silence" });
    this.keypad.addEventListener("click", (event) => this.press(event.target.dataset?.key));
    this.keypad.addEventListener("keydown", (event) => {
      if (/^[0-9*#]$/.test(event.key)) this.press(event.key);
    });
    this.aloud();
    this.renew();
  }

  does(name, action) {
    this.buttons[name].addEventListener("click", () => attempt(this.form, () => this.act(action)));
  }

  press(key) {
    if (key && this.talking()) attempt(this.form, () => this.act({ do: "keys", keys: key }));
  }

  async act(action) {
    if (!this.current) throw new Error("No hay llamada.");
    this.hush();
    await post(`calls/${this.current.sid}`, action);
  }

  talking() {
    return Boolean(this.current) && !this.current.over && this.current.doing !== "ringing";
  }

  /** A call as it is now: its new lines are added, and the phone shows what can be done. */
  show(call) {
    if (!this.calls.has(call.sid)) {
      this.calls.set(call.sid, 0);
      this.add("noted", call.direction === "inbound" ? "Llamada de este teléfono" : "Llamada de Ventanilla");
    }
    const before = this.calls.get(call.sid);
    for (const line of call.lines.slice(before)) {
      const [kind, words] = shown(line);
      this.add(kind, words);
      if (line.kind === "said" && !call.over) this.speak(line.text);
    }
    this.calls.set(call.sid, Math.max(before, call.lines.length));
    if (this.current && this.current.sid !== call.sid && call.over && !this.current.over) return;
    this.current = call;
    this.renew();
  }

  add(kind, words) {
    const who = { heard: "Asistente: ", did: "Usted: " }[kind];
    const unseen = who ? make("span", { class: "unseen" }, who) : null;
    this.log.append(make("p", { class: `message ${kind}` }, unseen, words));
    this.log.scrollTop = this.log.scrollHeight;
  }

  renew() {
    const call = this.current;
    const open = Boolean(call) && !call.over;
    const talking = this.talking();
    const comesIn = open && call.doing === "ringing" && call.direction !== "inbound";
    const focused = this.section.contains(document.activeElement) ? document.activeElement : null;
    this.ringing.textContent = comesIn ? "Está sonando: llama Ventanilla." : "";
    this.state.textContent = call ? (call.over && ENDINGS[call.status]) || STATES[call.doing] : "Sin llamada";
    this.buttons.call.hidden = open;
    this.buttons.answer.hidden = !comesIn;
    this.buttons.decline.hidden = !comesIn;
    this.buttons["hang-up"].hidden = !open || comesIn;
    for (const control of [...this.keypad.children, ...this.form.elements]) control.disabled = !talking;
    if (call && call.over) this.hush();
    // Who used the keyboard must not lose her place when what she used goes away.
    if (focused && (focused.hidden || focused.disabled)) this.place(talking, open, comesIn).focus();
  }

  place(talking, open, comesIn) {
    if (talking) return this.form.elements.text;
    if (comesIn) return this.buttons.answer;
    return open ? this.buttons["hang-up"] : this.buttons.call;
  }

  aloud() {
    const button = this.buttons.aloud;
    button.hidden = !("speechSynthesis" in window);
    button.addEventListener("click", () => {
      this.hush();
      this.reading = !this.reading;
      button.setAttribute("aria-pressed", String(this.reading));
    });
  }

  speak(text) {
    if (!this.reading) return;
    const words = new SpeechSynthesisUtterance(text);
    words.lang = "es-MX";
    window.speechSynthesis.speak(words);
  }

  hush() {
    if (this.reading) window.speechSynthesis.cancel();
  }

  clear() {
    this.hush();
    this.log.replaceChildren();
    this.calls.clear();
    this.current = null;
    this.renew();
  }
}
