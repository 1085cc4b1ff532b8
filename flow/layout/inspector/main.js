// Starts the page: shows where the cells stand as soon as that is unpacked, then all the rest.

import { Facts, Placed, unpack } from "inspector/facts.js";
import { drawFirst } from "inspector/first_picture.js";
import { Inspector } from "inspector/inspector.js";
import { Run } from "inspector/run.js";

const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
const packs = (name) => [...document.querySelectorAll(`script.${name}`)];
const unpackAll = (scripts) => Promise.all(scripts.map((script) => unpack(script.textContent)));

async function start() {
  const waiting = document.getElementById("waiting");
  try {
    const given = JSON.parse(document.getElementById("given").textContent);
    const sections = [...document.querySelectorAll(".picture")];
    const firsts = await unpackAll(packs("first"));
    // A link to another place or colour waits for the rest, which knows what it means.
    if (!location.hash) drawFirst(firsts.map((first) => new Placed(first)), sections, given.group_colours);
    await nextFrame();
    await nextFrame();
    performance.mark("first picture");
    if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    const rests = await unpackAll(packs("rest"));
    const runs = [];
    for (const [index, rest] of rests.entries()) {
      runs.push(new Run(new Facts(firsts[index], rest), given.runs[index]));
      await nextFrame();
    }
    for (const pack of [...packs("first"), ...packs("rest")]) pack.remove();
    const inspector = new Inspector(runs, sections, given);
    waiting.remove();
    inspector.drawNow(true);
    performance.mark("complete");
    return inspector;
  } catch (error) {
    waiting.textContent = `The layout cannot be shown: ${error.message}`;
    throw error;
  }
}

// For the console, and for tests.
window.inspector = start();
