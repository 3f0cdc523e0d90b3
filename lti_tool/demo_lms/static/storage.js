// Keeps data for the tool in this page: https://www.imsglobal.org/spec/lti-pm-s/v0p1
// It is there before the frame is, so that no message of the tool's is missed.
const kept = new Map();
const MOST_KEPT = 20;
const LONGEST = 4096;

function answerTo({ subject, key, value }) {
  if (typeof key !== "string" || key.length > LONGEST) {
    return { error: { code: "bad_request", message: "The key is missing or too long." } };
  }
  if (subject === "lti.get_data") return { key, value: kept.get(key) ?? null };
  if (typeof value !== "string" || value.length > LONGEST || kept.size >= MOST_KEPT) {
    return { error: { code: "storage_exhaustion", message: "There is no room for this." } };
  }
  kept.set(key, value);
  return { key, value };
}

window.addEventListener("message", ({ data, origin, source }) => {
  const frame = document.querySelector("iframe[data-tool]");
  if (source !== frame?.contentWindow || origin !== frame.dataset.tool) return;
  if (!["lti.put_data", "lti.get_data"].includes(data?.subject)) return;
  const answer = { subject: `${data.subject}.response`, message_id: data.message_id, ...answerTo(data) };
  source.postMessage(answer, origin);
});
