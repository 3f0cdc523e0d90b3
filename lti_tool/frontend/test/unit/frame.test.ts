import assert from "node:assert/strict";
import { test } from "node:test";
import { askForHeight } from "../../src/app/frame";

function frame() {
  const posted: unknown[][] = [];
  const parent = { postMessage: (...sent: unknown[]) => void posted.push(sent) };
  const document = { documentElement: { scrollHeight: 600 } };
  return { posted, parent, document, innerHeight: 400, screen: { availHeight: 1000 } };
}

test("a frame grows with its content, and only its platform is asked", () => {
  const window = frame();
  const fit = askForHeight(window, "https://school.instructure.com");
  fit();
  fit();
  assert.deepEqual(window.posted, [
    [{ subject: "lti.frameResize", height: 600 }, "https://school.instructure.com"],
  ]);
});

test("a frame never asks for more than fits the screen", () => {
  const window = frame();
  window.document.documentElement.scrollHeight = 5000;
  askForHeight(window, "https://school.instructure.com")();
  assert.equal((window.posted[0]?.[0] as { height: number }).height, 800);
});

test("a frame that is tall enough asks for nothing", () => {
  const window = { ...frame(), innerHeight: 800 };
  window.document.documentElement.scrollHeight = 5000;
  askForHeight(window, "https://school.instructure.com")();
  assert.deepEqual(window.posted, []);
});
