const frame = document.querySelector("iframe[data-done]");
window.addEventListener("message", (event) => {
  const finished = event.data?.subject === "org.imsglobal.lti.close";
  if (finished && event.source === frame.contentWindow) location.href = frame.dataset.done;
});
