// Storage in the platform's page, for browsers that keep nothing of ours in its frame.
// https://www.imsglobal.org/spec/lti-pm-s/v0p1

/** How long the platform may take; one that offers storage answers within a few milliseconds. */
const PATIENCE_MS = 1000;

/** Puts a value under a key; tells whether the platform says that it is kept. */
export async function put(storage, key, value) {
  const answer = await ask(storage, { subject: "lti.put_data", key, value });
  return answer !== null;
}

/** Returns the value under a key, or "" if the platform gives none. */
export async function get(storage, key) {
  const answer = await ask(storage, { subject: "lti.get_data", key });
  return typeof answer?.value === "string" ? answer.value : "";
}

/** Posts a message to the platform's frame; returns its answer, null after an error or too long. */
function ask(storage, message) {
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("-");
  return new Promise((resolve) => {
    const finish = (answer) => {
      clearTimeout(timer);
      window.removeEventListener("message", read);
      resolve(answer);
    };
    const read = ({ origin, data }) => {
      if (origin !== storage.origin || data?.message_id !== id) return;
      if (data.subject !== `${message.subject}.response`) return;
      finish(data.error || data.key !== message.key ? null : data);
    };
    const timer = setTimeout(() => finish(null), PATIENCE_MS);
    window.addEventListener("message", read);
    try {
      frameOf(storage.target).postMessage({ ...message, message_id: id }, storage.origin);
    } catch {
      finish(null); // there is no such frame
    }
  });
}

/** The frame of that name beside ours; in a window of its own, beside what opened it. */
function frameOf(target) {
  const platform = window.parent === window ? window.opener : window.parent;
  return target === "_parent" ? platform : platform.frames[target];
}
