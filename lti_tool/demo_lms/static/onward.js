// Leaves the frame of the tool's dialog, which is this site's again.
window.top.location.assign(document.getElementById("onward").href);
