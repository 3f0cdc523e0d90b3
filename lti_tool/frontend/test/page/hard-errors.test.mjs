// What cannot run is marked while it is typed: ruff in its own thread, under the real policy.
import assert from "node:assert/strict";
import { brokenRules, pageTests, write } from "./browser.mjs";

const { onPage } = pageTests();

const marksIn = (page, cell) => page.getByTestId(`cell-${cell}`).locator(".cm-lintRange");
const marked = (page, cell, text) =>
  marksIn(page, cell).filter({ hasText: text }).first().waitFor({ timeout: 30_000 });
const unmarked = (page, cell) => marksIn(page, cell).first().waitFor({ state: "detached" });

onPage("a misspelt name is marked, explained, and unmarked when it is mended", {}, async ({ page }) => {
  await write(page, "c1", "wine = pd.DataFrame()\nprint(wyne)");
  await marked(page, "c1", "wyne");
  await marksIn(page, "c1").first().hover();
  const tooltip = page.locator(".cm-tooltip-lint");
  await tooltip.filter({ hasText: "wyne is not defined: this line will fail when it runs." }).waitFor();
  assert.equal(await tooltip.locator("code").first().textContent(), "wyne");
  assert.deepEqual(await brokenRules(page), []);
  await write(page, "c1", "wine = pd.DataFrame()\nprint(wine)");
  await unmarked(page, "c1");
});

onPage("names of other cells are known, and a cell that cannot be read is marked", {}, async ({ page }) => {
  await write(page, "c2", "clean = wine.dropna()\nprint(clean");
  await marked(page, "c2", "n");
  await write(page, "c3", "from sklearn.model_selection import train_test_split\nprint(len(clean), nowhere)");
  await marked(page, "c3", "nowhere");
  assert.deepEqual(await marksIn(page, "c3").allTextContents(), ["nowhere"]);
});

onPage("F8 goes to the next mark and says its words", { locale: "ru" }, async ({ page }) => {
  await write(page, "c2", "clean = wine\nif clean = 1:\n    pass");
  await marked(page, "c2", "=");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("F8");
  const spoken = page.getByTestId("cell-c2").locator(".cm-announced");
  await spoken.filter({ hasText: "Python не может прочитать эту строку" }).waitFor({ state: "attached" });
  const line = page.getByTestId("cell-c2").locator(".cm-activeLine");
  assert.equal(await line.textContent(), "if clean = 1:");
});

onPage("what fails only when it is called has a mark of its own kind", {}, async ({ page }) => {
  await write(page, "c4", "class Cellar:\n    def __len__(self):\n        return 'many'");
  await marked(page, "c4", "'many'");
  const style = await marksIn(page, "c4").first().evaluate((node) => getComputedStyle(node).textDecorationStyle);
  assert.equal(style, "dotted");
});

onPage("a name that has run stays known after its line is gone", {}, async ({ page }) => {
  await write(page, "c2", "clean = wine\nbottles = 178\nprint(len(clean))");
  await page.keyboard.press("Shift+Enter");
  await page.getByTestId("output-c2").filter({ hasText: "178 bottles" }).waitFor();
  await write(page, "c2", "print(bottles, nowhere)");
  await marked(page, "c2", "nowhere");
  assert.deepEqual(await marksIn(page, "c2").allTextContents(), ["nowhere"]);
});

onPage("a name that the kernel holds is known, though no cell binds it", {}, async ({ page }) => {
  await write(page, "c2", "print(cellar, nowhere)");
  await marked(page, "c2", "nowhere");
  assert.deepEqual(await marksIn(page, "c2").allTextContents(), ["nowhere"]);
});
