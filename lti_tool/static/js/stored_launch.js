// The platform's answer has come without our cookie: adds the secret that the platform's page keeps.
import { get } from "./platform_storage.js";

const form = document.querySelector("#launch");
const { name, target, origin } = form.dataset;
form.elements.stored_secret.value = await get({ target, origin }, name);
form.submit();
