// The page in a real browser, in front of a stand-in for the web process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenRules, open, pageTests, textOf, write } from "./browser.mjs";

const { onPage, browser } = pageTests();

const seesText = (page, id, text) =>
  page.getByTestId(id).filter({ hasText: text }).waitFor({ timeout: 10_000 });

onPage("wrong code, run, needs work, right code, approved, score sent, reload", {}, async ({ page, server }) => {
  await write(page, "c2", "clean = wine\nprint(len(clean))\nplt.plot(clean)");
  await seesText(page, "saved", "Saved");
  await page.keyboard.press("Shift+Enter");
  await seesText(page, "output-c2", "178 bottles");
  await seesText(page, "output-c2", "100%|█████████| 3/3");
  await page.getByAltText("Chart from task 2").waitFor();
  await page.keyboard.press("Control+Alt+Enter");
  await seesText(page, "verdict-clean", "Needs work");
  await seesText(page, "feedback-clean", "What does dropna look at");
  assert.equal(server.attempt.state.document.cells.find(({ id }) => id === "c2").source.includes("clean = wine"), true);
  await write(page, "c2", "clean = wine.dropna(subset=['alcohol'])");
  await page.getByTestId("validate-clean").click();
  await seesText(page, "verdict-clean", "Approved");
  await seesText(page, "points", "3 / 12");
  await seesText(page, "delivery", "Score sent to the grade book");
  await seesText(page, "announcer", "Clean it: approved.");
  await page.reload();
  await seesText(page, "verdict-clean", "Approved");
  await page.getByTestId("delivery").filter({ hasText: /grade book \d\d:\d\d/ }).waitFor();
  await seesText(page, "output-c2", "178 bottles");
  assert.equal(await textOf(page, "c2"), "clean = wine.dropna(subset=['alcohol'])");
  assert.equal(new URL(page.url()).search, "");
});

onPage("output streams while the cell runs, others queue, Stop ends it", {}, async ({ page }) => {
  await write(page, "c4", "slow()");
  await page.getByTestId("run-c4").click();
  await seesText(page, "output-c4", "epoch 2");
  await page.getByTestId("run-c1").click();
  await seesText(page, "cell-c1", "Queued (1)");
  await page.getByTestId("stop").click();
  await seesText(page, "cell-c4", "You stopped this cell.");
  await seesText(page, "cell-c1", "Stopped");
  assert.equal(await page.getByTestId("stop").count(), 0);
});

onPage("a Stop that does not get through is told, until it does", {}, async ({ page, server }) => {
  await write(page, "c4", "slow()");
  await page.getByTestId("run-c4").click();
  await seesText(page, "output-c4", "epoch 1");
  server.faults.runner = false;
  await page.getByTestId("stop").click();
  await page.getByRole("alert").filter({ hasText: "Stop did not get through" }).waitFor();
  assert.deepEqual(await brokenRules(page), []);
  server.faults.runner = true;
  await page.getByTestId("stop").click();
  await seesText(page, "cell-c4", "You stopped this cell.");
  assert.equal(await page.getByText("Stop did not get through").count(), 0);
});

onPage("restarting says what it loses, and stops what runs", {}, async ({ page, server }) => {
  await write(page, "c4", "slow()");
  await page.getByTestId("run-c4").click();
  await seesText(page, "output-c4", "epoch 1");
  await page.getByTestId("restart-cell").click();
  await page.getByRole("alert").filter({ hasText: "will be gone" }).waitFor();
  assert.deepEqual(await brokenRules(page), []);
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByText("will be gone").count(), 0);
  server.faults.runner = false;
  await page.getByTestId("restart").click();
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "could not be restarted" }).waitFor();
  server.faults.runner = true;
  await page.getByTestId("restart").click();
  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await seesText(page, "cell-c4", "You stopped this cell.");
  assert.equal(await page.getByText("could not be restarted").count(), 0);
});

onPage("a page says its place in the queue for a kernel, and that a kernel sleeps", {}, async ({ page, server }) => {
  server.attempt.kernel("queued", null, 3);
  await page.getByText("You are number 3 in the queue for a kernel. You can go on writing; your cell runs by itself when it is your turn.").waitFor();
  await page.getByText("Waiting for Python").waitFor();
  assert.equal(await page.getByTestId("restart").count(), 0);
  assert.deepEqual(await brokenRules(page), []);
  server.attempt.kernel("queued", null, 2);
  await page.getByText("You are number 2 in the queue").waitFor();
  server.attempt.kernel("asleep", "Your kernel was put to sleep after 30 minutes without use.");
  await page.getByText("put to sleep after 30 minutes").waitFor();
  await page.getByText("Python sleeps").waitFor();
  server.attempt.kernel("idle", "A new kernel was started.");
  await page.getByText("Python is ready").waitFor();
  assert.equal(await page.getByText("put to sleep").count(), 0);
});

onPage("an observer reads, and can change, run and validate nothing", { role: "observer" }, async ({ page, server }) => {
  await page.getByText("You are looking on").waitFor();
  for (const id of ["run-c1", "stop", "restart", "validate-look"]) assert.equal(await page.getByTestId(id).count(), 0);
  const before = await textOf(page, "c1");
  await write(page, "c1", "mine = 1");
  await page.keyboard.type("x");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.press("Control+Alt+Enter");
  assert.equal(await textOf(page, "c1"), before);
  assert.deepEqual(server.attempt.events, []);
  assert.deepEqual(await brokenRules(page), []);
});

onPage("a cell that dies says why, above its output", {}, async ({ page }) => {
  await write(page, "c1", "x = [0] * 10**10");
  await page.getByTestId("run-c1").click();
  await seesText(page, "cell-c1", "Python used more than 1 GB of memory");
  await seesText(page, "announcer", "ended with an error");
});

onPage("a lost stream is taken up again without a gap or a double", {}, async ({ page, server }) => {
  await write(page, "c4", "slow()");
  await page.getByTestId("run-c4").click();
  for (const epoch of [5, 15, 25]) {
    await seesText(page, "output-c4", `epoch ${epoch}`);
    server.dropStreams();
  }
  await seesText(page, "cell-c4", "Done");
  const lines = (await page.getByTestId("output-c4").innerText()).split("\n").filter((line) => line.startsWith("epoch"));
  assert.deepEqual(lines, Array.from({ length: 60 }, (_, epoch) => `epoch ${epoch}`));
  assert.ok(server.seen.streams >= 4);
});

onPage("without a stream to be had the page polls", {}, async ({ page, server }) => {
  server.faults.streams = "full";
  server.dropStreams();
  await page.getByTestId("run-c1").click();
  await seesText(page, "cell-c1", "Done");
  assert.ok(server.seen.polls > 0);
});

onPage("offline, writing goes on and is saved when the server is back", {}, async ({ page, server }) => {
  server.faults.down = true;
  server.dropStreams();
  await write(page, "c2", "offline = 1");
  await page.getByText("No connection. Go on writing").waitFor();
  await seesText(page, "saved", "Not saved yet");
  assert.deepEqual(await brokenRules(page), []);
  await page.keyboard.type("0");
  server.faults.down = false;
  await page.getByRole("button", { name: "Try now" }).click();
  await seesText(page, "saved", "Saved");
  assert.equal(server.attempt.state.document.cells.find(({ id }) => id === "c2").source, "offline = 10");
});

onPage("two windows: other cells merge, the same cell asks", {}, async ({ page, server }) => {
  const other = await open(browser(), { server });
  await other.page.getByTestId("points").waitFor();
  await write(other.page, "c1", "theirs = 1");
  await seesText(other.page, "saved", "Saved");
  await page.waitForFunction(() => document.querySelector('[data-testid="cell-c1"]').textContent.includes("theirs = 1"));
  server.faults.delayMs = 300;
  await write(page, "c2", "mine = 2");
  await write(other.page, "c2", "theirs = 2");
  await other.page.getByTestId("run-c1").click();
  const asked = Promise.race([page, other.page].map(async (one) => {
    await one.getByRole("button", { name: "Keep mine" }).waitFor();
    return one;
  }));
  const loser = await asked;
  assert.deepEqual(await brokenRules(loser), []);
  const own = await textOf(loser, "c2");
  await loser.getByRole("button", { name: "Take theirs" }).click();
  await loser.getByRole("button", { name: "Bring mine back" }).click();
  await seesText(loser, "saved", "Saved");
  assert.equal(await textOf(loser, "c2"), own);
  await assertEventually(() => server.attempt.state.document.cells.find(({ id }) => id === "c2").source === own);
  assert.deepEqual(other.problems, []);
  await other.close();
});

onPage("a validation after another window's save goes through", {}, async ({ page, server }) => {
  await page.getByTestId("points").waitFor();
  server.attempt.state.document.revision += 1;
  await page.getByTestId("validate-clean").click();
  await seesText(page, "verdict-clean", "Needs work");
});

onPage("a refused token is renewed unnoticed; an ended session keeps the text", {}, async ({ page, server }) => {
  server.faults.token = "other";
  await write(page, "c1", "renewed = 1");
  await seesText(page, "saved", "Saved");
  assert.equal(server.seen.renewals, 1);
  server.faults.token = "another";
  server.faults.renewals = false;
  await write(page, "c1", "kept = 1");
  await page.getByText("Your session has ended.").waitFor();
  assert.deepEqual(await brokenRules(page), []);
  server.faults.renewals = true;
  await page.reload();
  await page.getByTestId("points").waitFor();
  assert.equal(await textOf(page, "c1"), "kept = 1");
  await assertEventually(() => server.attempt.state.document.cells.find(({ id }) => id === "c1").source === "kept = 1");
});

onPage("what is typed in the last moment reaches the server", {}, async ({ page, server }) => {
  await write(page, "c1", "last words");
  await page.goto("about:blank");
  await assertEventually(() => server.attempt.state.document.cells.find(({ id }) => id === "c1").source === "last words");
  await page.goto(server.url);
  await page.getByTestId("points").waitFor();
});

onPage("the editor is styled, and Escape then Tab leaves it", {}, async ({ page }) => {
  const content = page.getByTestId("cell-c1").locator(".cm-content");
  const styles = await content.evaluate((node) => {
    const editor = node.closest(".cm-editor");
    return {
      display: getComputedStyle(editor).display,
      gutter: getComputedStyle(editor.querySelector(".cm-gutters")).display,
      scroller: getComputedStyle(editor.querySelector(".cm-scroller")).display,
      keyword: getComputedStyle(document.querySelector(".tok-keyword")).color,
    };
  });
  assert.deepEqual(styles, { display: "flex", gutter: "flex", scroller: "flex", keyword: "rgb(123, 47, 160)" });
  await content.click();
  await page.keyboard.press("Tab");
  assert.equal(await content.evaluate((node) => node === document.activeElement), true);
  await page.keyboard.type("x");
  await page.keyboard.press("Escape");
  await page.waitForTimeout(2_500);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), "run-c1");
  await content.click();
  await page.keyboard.press("Control+F");
  await page.locator(".cm-search input[name=search]").waitFor();
});

onPage("a flood of output shows its ends, and all on demand", {}, async ({ page }) => {
  await write(page, "c1", "flood()");
  await page.getByTestId("run-c1").click();
  await seesText(page, "output-c1", "line 2999");
  await seesText(page, "output-c1", "were cut off");
  await page.getByRole("button", { name: /hidden lines: \d+/ }).click();
  await seesText(page, "output-c1", "line 1500");
});

onPage("in Russian", { locale: "ru" }, async ({ page }) => {
  await page.getByRole("button", { name: /^Проверить.*Look at the table$/ }).click();
  await seesText(page, "verdict-look", "Нужно доработать");
  assert.equal(await page.getAttribute("html", "lang"), "ru");
  assert.deepEqual(await brokenRules(page), []);
});

test("a server that does not answer gets a page that can try again", async () => {
  const desk = await open(browser(), {});
  await desk.page.getByTestId("points").waitFor();
  await desk.page.route("**/api/attempts/**", (route) => route.abort());
  await desk.page.reload();
  await desk.page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
  assert.deepEqual(await brokenRules(desk.page), []);
  await desk.page.unroute("**/api/attempts/**");
  await desk.page.getByRole("button", { name: "Try again" }).click();
  await desk.page.getByTestId("points").waitFor();
  await desk.close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [900, 400, 320]) {
    const options = { options: { viewport: { width, height: 800 }, colorScheme } };
    onPage(`every state is accessible and fits: ${colorScheme}, ${width} px`, options, async ({ page }) => {
      assert.deepEqual(await brokenRules(page), []);
      await write(page, "c1", 'wine = pd.read_csv("wine.csv")\nprint(wine)\nplt.plot(wine)');
      await page.getByTestId("run-c1").click();
      await write(page, "c2", "clean = wyne.dropna()");
      await page.getByTestId("run-c2").click();
      await write(page, "c3", "while True: pass");
      await page.getByTestId("run-c3").click();
      for (const task of ["look", "split", "model"]) {
        await page.getByTestId(`validate-${task}`).click();
        await page.getByTestId(`verdict-${task}`).waitFor();
      }
      await write(page, "c4", "slow()");
      await page.getByTestId("run-c4").click();
      await seesText(page, "output-c4", "epoch 1");
      await page.locator(".evidence summary").first().click();
      assert.deepEqual(await brokenRules(page), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
    });
  }
}

async function assertEventually(condition) {
  for (let turn = 0; turn < 100; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(condition());
}
