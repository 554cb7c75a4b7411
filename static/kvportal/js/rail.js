/* The drawer on a phone: opened by a link to #rail; with JavaScript it takes the focus, closes on a click outside
   and leaves no trace in the history. */

const rail = document.getElementById("rail");

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[href='#rail']");
  if (opener) {
    event.preventDefault();
    location.replace("#rail");
    rail.querySelector(".drawer-close").focus();
  } else if (location.hash === "#rail" && (!rail.contains(event.target) || event.target.closest(".drawer-close"))) {
    event.preventDefault();
    location.replace("#main");
    document.querySelector("a[href='#rail']").focus();
  }
});
