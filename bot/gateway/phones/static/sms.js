// The basic phone: texts only, and what each costs.

import { Log, composer, hour, make, own, post, status, tick } from "./common.js";

const counted = (segments) => `${segments} SMS`;

export class SmsPhone {
  constructor(section, person) {
    this.person = person;
    this.log = new Log(section.querySelector(".log"), (message) => this.render(message));
    const form = section.querySelector(".composer");
    composer(form, (body) => post("messages", { number: person.number, channel: "sms", body }));
    this.text = form.elements.text;
    this.count = section.querySelector(".count");
    this.text.addEventListener("input", () => this.countSoon());
    if (this.text.value) this.countSoon(); // what the browser kept over a reload
  }

  show(message) {
    this.log.show(message);
  }

  clear() {
    this.log.clear();
  }

  render(message) {
    const about = make("p", { class: "about" }, hour(message), ` · ${counted(message.segments)} · `);
    about.append(own(message) ? tick(message) : status(message));
    const who = make("span", { class: "unseen" }, own(message) ? "Usted: " : "Ventanilla: ");
    const body = make("p", { class: "body" }, who, message.body || "(sin texto)");
    return make("div", { class: own(message) ? "message own" : "message theirs" }, body, about);
  }

  /** The server counts, so that what is shown is what the product counts. */
  countSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(async () => {
      const text = this.text.value;
      try {
        const { encoding, units, segments } = await post("segments", { text });
        if (text !== this.text.value) return;
        const alone = encoding === "GSM-7" ? 160 : 70;
        const joined = encoding === "GSM-7" ? 153 : 67;
        const room = segments > 1 ? segments * joined : alone;
        const why = encoding === "GSM-7" ? "" : " (por un acento o un emoji caben 70)";
        this.count.textContent = `${units} de ${room} · ${text ? counted(segments) : "0 SMS"}${why}`;
      } catch {
        this.count.textContent = "";
      }
    }, 120);
  }
}
