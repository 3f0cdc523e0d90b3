// The last step of a dynamic registration: tell the platform's page that this one is finished.
// https://www.imsglobal.org/spec/lti-dr/v1p0#step-4-registration-completed-and-activation
document.querySelector("#close").addEventListener("click", () => {
  const platform = window.opener ?? window.parent;
  platform.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
});
