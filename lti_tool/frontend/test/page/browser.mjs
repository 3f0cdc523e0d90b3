// What every page test needs: a browser, a fake server, a page that reports its faults.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startFakeServer } from "../fake-server.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
}

/** A fresh attempt in a fresh browser context. `faults` collects violations and page errors. */
export async function open(browser, { server, options = {}, locale = "en", role = "learner" } = {}) {
  const own = server ?? (await startFakeServer({ locale, role }));
  const context = await browser.newContext({ viewport: { width: 900, height: 800 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) problems.push(message.text());
  });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.goto(own.url);
  const close = async () => {
    await context.close();
    if (!server) await own.close();
  };
  return { page, server: own, problems, close };
}

/**
 * Gives a file's tests a browser. Each of them opens a page; whatever happens, it ends without a
 * violation of the policy.
 */
export function pageTests() {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser.close();
  });
  const onPage = (name, options, body) =>
    test(name, { timeout: 60_000 }, async () => {
      const desk = await open(browser, options);
      try {
        await desk.page.getByTestId("points").waitFor();
        await body(desk);
        // A hole that nobody filled is a sentence with the wrong parameters.
        assert.doesNotMatch(await desk.page.innerHTML("body"), /\{(number|title|time|points|max|cell)\}/);
        assert.deepEqual(await desk.page.evaluate(() => window.violations), []);
        assert.deepEqual(desk.problems, []);
      } finally {
        await desk.close();
      }
    });
  return { onPage, browser: () => browser };
}

/** Types over everything that stands in a cell. */
export async function write(page, cell, source) {
  const content = page.getByTestId(`cell-${cell}`).locator(".cm-content");
  await content.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(source);
}

export const textOf = (page, cell) =>
  page.getByTestId(`cell-${cell}`).locator(".cm-content").evaluate((node) =>
    [...node.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"),
  );

/** Rules of WCAG A and AA that the page breaks now. Evaluated outside the page's own policy. */
export async function brokenRules(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160) + " " + (node.any[0]?.message ?? "")).join(" | ")}`);
}
