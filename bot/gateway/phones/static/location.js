// Choosing a position: by the name of a municipality, by coordinates, or on a map of dots.

import { get } from "./common.js";

// The country's corners in degrees, with a margin.
const WEST = -118.6;
const EAST = -86.4;
const SOUTH = 14.2;
const NORTH = 32.9;

const dialog = document.getElementById("location-dialog");
const form = document.getElementById("location-form");
const place = document.getElementById("place");
const latitude = document.getElementById("latitude");
const longitude = document.getElementById("longitude");
const map = document.getElementById("map");
let places = null;
let answer = null;

/** Ask for a position; null when the person goes back. */
export async function chooseLocation() {
  if (places === null) {
    try {
      places = await get("places");
    } catch {
      places = [];
    }
    const names = places.map(([name, state]) => new Option("", `${name}, ${state}`));
    document.getElementById("places").replaceChildren(...names);
  }
  answer = null;
  dialog.showModal();
  place.focus();
  draw();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(answer), { once: true }));
}

const toX = (degrees) => ((degrees - WEST) / (EAST - WEST)) * map.width;
const toY = (degrees) => ((NORTH - degrees) / (NORTH - SOUTH)) * map.height;

function draw() {
  const pen = map.getContext("2d");
  const colors = getComputedStyle(document.body);
  pen.clearRect(0, 0, map.width, map.height);
  pen.fillStyle = colors.getPropertyValue("--faint");
  for (const [, , lat, lon] of places) pen.fillRect(toX(lon) - 1.5, toY(lat) - 1.5, 3, 3);
  const [x, y] = [toX(Number(longitude.value)), toY(Number(latitude.value))];
  pen.fillStyle = colors.getPropertyValue("--pin");
  pen.beginPath();
  pen.arc(x, y - 12, 9, 0, 2 * Math.PI);
  pen.fill();
  pen.beginPath();
  pen.moveTo(x - 8, y - 8);
  pen.lineTo(x, y);
  pen.lineTo(x + 8, y - 8);
  pen.fill();
}

function put(lat, lon) {
  latitude.value = lat.toFixed(5);
  longitude.value = lon.toFixed(5);
  draw();
}

place.addEventListener("input", () => {
  const wanted = place.value.trim().toLocaleLowerCase("es");
  const found =
    places.find(([name, state]) => `${name}, ${state}`.toLocaleLowerCase("es") === wanted) ||
    places.find(([name]) => name.toLocaleLowerCase("es") === wanted);
  if (found) put(found[2], found[3]);
});

map.addEventListener("click", (event) => {
  const box = map.getBoundingClientRect();
  const lon = WEST + ((event.clientX - box.left) / box.width) * (EAST - WEST);
  const lat = NORTH - ((event.clientY - box.top) / box.height) * (NORTH - SOUTH);
  place.value = "";
  put(lat, lon);
});

for (const input of [latitude, longitude]) input.addEventListener("input", draw);

form.querySelector("[data-close]").addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  answer = { latitude: Number(latitude.value), longitude: Number(longitude.value), label: place.value.trim() };
  dialog.close();
});
