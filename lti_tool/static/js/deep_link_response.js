// What was chosen goes to the platform at once; the button is for browsers without scripts.
document.querySelector("#answer").submit();
