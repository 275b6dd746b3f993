// The smartphone: bubbles, buttons, lists, a position, files.

import { Log, attempt, composer, hour, make, own, post, status, tick } from "./common.js";
import { chooseLocation } from "./location.js";

const FILES = {
  image: "▣ Foto",
  audio: "♪ Nota de voz",
  video: "▶ Video",
  document: "▤ Documento",
  sticker: "☺ Sticker",
  contacts: "☎ Contacto",
};
const SAME = /(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|```[^`]+```)/;
const MARKS = { "*": "strong", _: "em", "~": "s", "`": "code" };

/** WhatsApp's own formatting, as elements; nothing of a text is ever read as HTML. */
function formatted(text) {
  return text.split(SAME).map((part) => {
    const name = part.length > 2 && SAME.test(part) ? MARKS[part[0]] : undefined;
    const around = part.startsWith("```") ? 3 : 1;
    return name ? make(name, {}, part.slice(around, -around)) : part;
  });
}

export class WhatsAppPhone {
  constructor(section, person) {
    this.person = person;
    this.form = section.querySelector(".composer");
    this.presence = section.querySelector(".presence");
    this.log = new Log(section.querySelector(".log"), (message) => this.render(message));
    this.lastRead = null;
    composer(this.form, (body) => this.send({ body }));
    this.attachments(section.querySelector(".attach"));
    this.session();
  }

  send(what) {
    return post("messages", {
      number: this.person.number,
      channel: "whatsapp",
      profile: document.getElementById("profile").value.trim() || "Persona de prueba",
      old_prefix: document.getElementById("old-prefix").checked,
      ...what,
    });
  }

  show(message) {
    this.log.show(message);
    if (own(message) && message.mark === "read") this.typing(message);
    else if (!own(message)) this.typing(null, message.seq);
  }

  clear() {
    this.log.clear();
    this.lastRead = null;
    this.presence.textContent = "en línea";
  }

  /** A message that was read gets an answer: until it comes, or for 25 seconds, the phone shows "typing". */
  typing(read, answered) {
    if (read) this.lastRead = read.seq;
    if (answered && (this.lastRead === null || answered > this.lastRead)) this.lastRead = null;
    clearTimeout(this.timer);
    const old = read && Date.now() - new Date(read.at) > 25000;
    const newer = [...this.log.list.querySelectorAll(".theirs")].some((each) => Number(each.dataset.seq) > this.lastRead);
    const writing = this.lastRead !== null && !old && !newer;
    this.presence.textContent = writing ? "escribiendo…" : "en línea";
    if (writing) this.timer = setTimeout(() => (this.presence.textContent = "en línea"), 25000);
  }

  render(message) {
    const item = make("div", { class: own(message) ? "message own" : "message theirs" });
    const bubble = make("div", { class: "bubble" });
    bubble.append(make("span", { class: "unseen" }, own(message) ? "Usted: " : "Ventanilla: "));
    if (message.files.length) bubble.append(make("p", { class: "file" }, FILES[message.kind] || "▤ Archivo"));
    if (message.location) bubble.append(this.pin(message.location));
    if (message.body || (!message.files.length && !message.location)) {
      bubble.append(make("p", { class: "body" }, ...formatted(message.body || "(sin texto)")));
    }
    const about = make("p", { class: "about" }, hour(message), " ");
    about.append(own(message) ? tick(message) : make("span", {}, `· ${status(message)}`));
    bubble.append(about);
    item.append(bubble);
    if (!own(message)) item.append(...this.below(message));
    return item;
  }

  pin(location) {
    const where = location.label || `${location.latitude.toFixed(4)}, ${location.longitude.toFixed(4)}`;
    return make("p", { class: "file" }, `◉ ${where}`);
  }

  below(message) {
    const parts = [];
    if (message.shown?.kind === "buttons") {
      const buttons = message.shown.options.map((option) =>
        make("button", { type: "button", onclick: () => this.tap(option) }, option.title),
      );
      parts.push(make("div", { class: "buttons" }, ...buttons));
    }
    if (message.shown?.kind === "list") {
      const open = make("button", { type: "button", "aria-haspopup": "dialog" }, `☰ ${message.shown.open}`);
      open.addEventListener("click", () => this.list(message.shown));
      parts.push(make("div", { class: "buttons" }, open));
    }
    const like = make("button", { type: "button", class: "react", "aria-label": "Reaccionar con 👍", title: "Reaccionar con 👍" }, "☺");
    like.addEventListener("click", () =>
      attempt(this.form, () => this.send({ reaction: { emoji: "👍", sid: message.sid } })),
    );
    return [...parts, like];
  }

  tap(option) {
    this.form.elements.text.focus();
    return attempt(this.form, () => this.send({ tap: option.id }));
  }

  list(shown) {
    const dialog = document.getElementById("list-dialog");
    dialog.querySelector("h2").textContent = shown.open;
    const items = shown.options.map((option) => {
      const button = make("button", { type: "button" }, make("strong", {}, option.title));
      if (option.description) button.append(make("span", {}, option.description));
      button.addEventListener("click", () => {
        dialog.close();
        this.tap(option);
      });
      return make("li", {}, button);
    });
    dialog.querySelector("ul").replaceChildren(...items);
    dialog.showModal();
  }

  attachments(opener) {
    const dialog = document.getElementById("attach-dialog");
    opener.addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("click", async (event) => {
      const kind = event.target.dataset?.attach;
      if (!kind) return;
      dialog.close();
      if (kind === "location") {
        const location = await chooseLocation();
        if (location) await attempt(this.form, () => this.send({ location }));
      } else {
        await attempt(this.form, () => this.send({ file: { kind } }));
      }
      this.form.elements.text.focus();
    });
  }

  session() {
    const told = document.getElementById("session-told");
    document.getElementById("end-session").addEventListener("click", () =>
      attempt(this.form, async () => {
        await post("session/end", { number: this.person.number });
        told.textContent = "Listo: hasta que escriba otra vez, por WhatsApp solo llegan plantillas aprobadas.";
      }),
    );
  }
}
