// When the work is due: staff of a copied course are asked, students are told.
import assert from "node:assert/strict";
import { brokenRules, pageTests } from "./browser.mjs";

const { onPage } = pageTests();
const staff = { role: "instructor", options: { timezoneId: "Europe/Berlin" } };

onPage("a copied course asks for its date until it has one", staff, async ({ page, server }) => {
  const form = page.getByTestId("due-form");
  await form.getByText("This course is a copy.").waitFor();
  assert.deepEqual(await brokenRules(page), []);
  assert.equal(await page.getByTestId("due-change").count(), 0);
  server.faults.dates = false;
  await page.getByLabel("Due date").fill("2026-12-03T18:00");
  await form.getByRole("button", { name: "Set" }).click();
  await form.getByText("That is no date.").waitFor();
  server.faults.dates = true;
  await form.getByRole("button", { name: "Set" }).click();
  await page.getByTestId("due").filter({ hasText: "Due 3 Dec 2026, 18:00" }).waitFor();
  assert.equal(server.attempt.state.dates.due_at, "2026-12-03T17:00:00.000Z");
  assert.equal(await form.count(), 0);
  await page.reload();
  await page.getByTestId("due").waitFor();
  assert.deepEqual(await brokenRules(page), []);
});

onPage("staff change the date, or say that there is none", staff, async ({ page, server }) => {
  await page.getByRole("button", { name: "No due date" }).click();
  await page.getByTestId("due-change").filter({ hasText: "Set due date" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await page.getByTestId("due-form").count(), 0);
  await page.getByTestId("due-change").click();
  await page.getByLabel("Due date").fill("2027-01-02T08:30");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByTestId("due-change").filter({ hasText: "Change due date" }).click();
  assert.equal(await page.getByLabel("Due date").inputValue(), "2027-01-02T08:30");
  await page.getByRole("button", { name: "No due date" }).click();
  await page.getByTestId("due-change").filter({ hasText: "Set due date" }).waitFor();
  assert.equal(server.attempt.state.dates.due_at, null);
});

onPage("students are asked for nothing", {}, async ({ page }) => {
  assert.equal(await page.getByTestId("due-form").count(), 0);
  assert.equal(await page.getByTestId("due-change").count(), 0);
  assert.equal(await page.getByTestId("due").count(), 0);
});

const narrow = { ...staff, options: { ...staff.options, viewport: { width: 400, height: 800 } } };

onPage("the form fits a phone", narrow, async ({ page }) => {
  await page.getByTestId("due-form").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 400);
  assert.deepEqual(await brokenRules(page), []);
});
