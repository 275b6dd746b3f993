// Who the phones belong to, and what happens on them, live. Another phone is one line in PHONES and a section of the page.

import { stream } from "./common.js";
import { SmsPhone } from "./sms.js";
import { VoicePhone } from "./voice.js";
import { WhatsAppPhone } from "./whatsapp.js";

const PHONES = { sms: SmsPhone, whatsapp: WhatsAppPhone, voice: VoicePhone };

const person = { number: "" };
const phones = Object.fromEntries(
  [...document.querySelectorAll("[data-phone]")].map((section) => [
    section.dataset.phone,
    new PHONES[section.dataset.phone](section, person),
  ]),
);
const form = document.getElementById("who");
const link = document.getElementById("link");
let source = null;
let last = 0;
let again = 0;

/** The number in E.164 form, or "" when it is none; ten digits are Mexican. */
function read(text) {
  const digits = text.replace(/[\s().-]/g, "");
  if (/^\d{10}$/.test(digits)) return `+52${digits}`;
  return /^\+\d{7,15}$/.test(digits) ? digits : "";
}

function become(number) {
  person.number = number;
  last = 0;
  for (const phone of Object.values(phones)) phone.clear();
  for (const place of document.querySelectorAll(".own-number")) place.textContent = number;
  sessionStorage.setItem("number", number);
  connect();
}

function connect() {
  clearTimeout(again);
  source?.close();
  source = stream(person.number, last);
  source.onopen = () => (link.textContent = "Conectado");
  source.onmessage = (event) => {
    const message = JSON.parse(event.data);
    last = Math.max(last, message.version);
    phones[message.channel]?.show(message);
  };
  source.addEventListener("call", (event) => {
    const call = JSON.parse(event.data);
    last = Math.max(last, call.version);
    phones.voice?.show(call);
  });
  source.addEventListener("anew", () => {
    last = 0;
    for (const phone of Object.values(phones)) phone.clear();
  });
  source.addEventListener("away", () => (link.textContent = "El operador de prueba no responde."));
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser opens it again by itself
    link.textContent = "Sin conexión; se intenta otra vez.";
    again = setTimeout(connect, 2000);
  };
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const number = read(form.elements.number.value);
  form.elements.number.setAttribute("aria-invalid", String(!number));
  document.getElementById("number-error").textContent = number ? "" : "Escriba 10 dígitos, o + y la clave del país.";
  if (number) become(number);
  else form.elements.number.focus();
});

document.getElementById("new-person").addEventListener("click", () => {
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, "0");
  form.elements.number.value = `55 ${digits.slice(0, 4)} ${digits.slice(4)}`;
  form.requestSubmit();
});

const kept = sessionStorage.getItem("number");
if (kept) form.elements.number.value = kept;
become(read(form.elements.number.value) || "+525512345678");
