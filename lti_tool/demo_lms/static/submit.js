// Sends the page's only form on, as a launch does; without scripts its button does.
document.getElementById("launch").submit();
