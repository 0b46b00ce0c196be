/* Zooms the timeline: buttons, keys, the wheel with Ctrl. Without it the page shows all at once. */
(function () {
	"use strict";
	var scroll = document.querySelector(".scroll");
	if (!scroll)
		return;
	var wide = scroll.querySelector(".wide"), ticks = scroll.querySelector(".ticks");
	var bar = document.querySelector(".zoom"), said = bar.querySelector("output");
	var total = Number(scroll.dataset.ns), zoom = 1, most = 64, apart = 110;

	function say(ns, step) {
		var units = [["s", 1e9], ["ms", 1e6], ["us", 1e3], ["ns", 1]];
		var unit = units.find(function (u) { return total >= u[1]; }) || units[3];
		var digits = Math.max(0, Math.ceil(-Math.log10(step / unit[1]) - 1e-9));
		return (ns / unit[1]).toFixed(Math.min(digits, 6)) + " " + unit[0];
	}

	function drawTicks() {
		var least = total * apart / wide.clientWidth;
		var power = Math.pow(10, Math.floor(Math.log10(least)));
		var step = [1, 2, 5, 10].map(function (m) { return m * power; })
			.find(function (s) { return s >= least; }) || 10 * power;
		ticks.textContent = "";
		for (var at = 0; total - at > least / 2; at += step) {
			var tick = document.createElement("span");
			tick.style.left = 100 * at / total + "%";
			tick.textContent = at ? say(at, step) : "0";
			ticks.appendChild(tick);
		}
	}

	/* The moment at x, in pixels from the left edge, stays where it is. */
	function zoomTo(factor, x) {
		var moment = (scroll.scrollLeft + x) / wide.clientWidth;
		zoom = Math.min(Math.max(factor, 1), most);
		wide.style.width = 100 * zoom + "%";
		scroll.scrollLeft = moment * wide.clientWidth - x;
		said.textContent = zoom > 1 ? zoom.toFixed(zoom % 1 ? 1 : 0) + "x" : "";
		drawTicks();
	}

	function middle() { return scroll.clientWidth / 2; }

	bar.hidden = false;
	bar.addEventListener("click", function (event) {
		var factor = event.target.dataset && event.target.dataset.zoom;
		if (factor)
			zoomTo(Number(factor) * zoom, middle());
	});
	scroll.addEventListener("keydown", function (event) {
		var page = 0.2 * scroll.clientWidth;
		if (event.ctrlKey || event.altKey || event.metaKey)
			return;
		switch (event.key) {
		case "+": case "=": zoomTo(2 * zoom, middle()); break;
		case "-": zoomTo(zoom / 2, middle()); break;
		case "0": zoomTo(1, 0); break;
		case "ArrowLeft": scroll.scrollLeft -= page; break;
		case "ArrowRight": scroll.scrollLeft += page; break;
		case "Home": scroll.scrollLeft = 0; break;
		case "End": scroll.scrollLeft = wide.clientWidth; break;
		default: return;
		}
		event.preventDefault();
	});
	scroll.addEventListener("wheel", function (event) {
		if (!event.ctrlKey)
			return;
		event.preventDefault();
		zoomTo(zoom * Math.pow(2, -event.deltaY / 200),
		       event.clientX - scroll.getBoundingClientRect().left);
	}, { passive: false });
	window.addEventListener("resize", drawTicks);
	drawTicks();
})();
