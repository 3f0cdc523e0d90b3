// Parts of the page that are files of their own: what happens when one of them does not come.
import assert from "node:assert/strict";
import { pageTests } from "./browser.mjs";

const { onPage } = pageTests();

onPage("without the code of texts and outputs one can still write, and is told to reload", {}, async ({ page, server }) => {
  await page.route(/rich-/, (route) => route.abort());
  await page.goto(server.url);
  await page.getByTestId("part-missing").first().waitFor();
  assert.match(await page.getByTestId("part-missing").first().innerText(), /Reload the page/);
  await page.locator(".cm-content").first().click();
  await page.keyboard.type("# still here");
  assert.match(await page.locator(".cm-content").first().innerText(), /still here/);
});
