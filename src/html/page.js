/* Zooms timelines: buttons, keys, the wheel with Ctrl. Without it the page shows all at once. */
(function () {
	"use strict";
	function all(what) { return Array.from(document.querySelectorAll(what)); }
	var scrolls = all(".scroll"), first = scrolls[0], zoom = 1, most = 64;
	if (!first)
		return;

	function wide(scroll) { return scroll.firstElementChild; }

	/* Name, length in ns, and how long the whole and a step have to be. */
	var units = [["h", 3.6e12, 7.2e12, 1e12], ["min", 6e10, 1.8e11, 2e10], ["s", 1e9, 1e9, 0],
		["ms", 1e6, 1e6, 0], ["us", 1e3, 1e3, 0], ["ns", 1, 0, 0]];

	function say(ns, step, unit) {
		var digits = Math.max(0, Math.ceil(-Math.log10(step / unit[1]) - 1e-9));
		return (ns / unit[1]).toFixed(Math.min(digits, 6)) + " " + unit[0];
	}

	function drawTicks(scroll) {
		var ticks = scroll.querySelector(".ticks"), total = Number(scroll.dataset.ns);
		var apart = Math.min(110, Math.max(64, scroll.clientWidth / 5));
		var least = total * apart / wide(scroll).clientWidth;
		var unit = units.find(function (u) { return total >= u[2] && least >= u[3]; });
		var power = unit[1] * Math.pow(10, Math.floor(Math.log10(least / unit[1])));
		var step = [1, 2, 5, 10].map(function (m) { return m * power; })
			.find(function (s) { return s >= least; }) || 10 * power;
		ticks.textContent = "";
		for (var at = 0; total - at > least / 2; at += step) {
			var tick = document.createElement("span");
			tick.style.left = 100 * at / total + "%";
			tick.textContent = at ? say(at, step, unit) : "0";
			ticks.appendChild(tick);
		}
	}

	function moveTo(left) {
		scrolls.forEach(function (scroll) { scroll.scrollLeft = left; });
	}

	/* The moment at x, in pixels from the left edge, stays where it is. */
	function zoomTo(factor, x) {
		var moment = (first.scrollLeft + x) / wide(first).clientWidth;
		zoom = Math.min(Math.max(factor, 1), most);
		scrolls.forEach(function (scroll) {
			wide(scroll).style.width = 100 * zoom + "%";
			drawTicks(scroll);
		});
		moveTo(moment * wide(first).clientWidth - x);
		all(".zoom output").forEach(function (said) {
			said.textContent = zoom > 1 ? zoom.toFixed(zoom % 1 ? 1 : 0) + "x" : "";
		});
	}

	function middle() { return first.clientWidth / 2; }

	function onKey(event) {
		var left = first.scrollLeft, page = 0.2 * first.clientWidth;
		if (event.ctrlKey || event.altKey || event.metaKey)
			return;
		switch (event.key) {
		case "+": case "=": zoomTo(2 * zoom, middle()); break;
		case "-": zoomTo(zoom / 2, middle()); break;
		case "0": zoomTo(1, 0); break;
		case "ArrowLeft": moveTo(left - page); break;
		case "ArrowRight": moveTo(left + page); break;
		case "Home": moveTo(0); break;
		case "End": moveTo(wide(first).clientWidth); break;
		default: return;
		}
		event.preventDefault();
	}

	function onWheel(event) {
		if (!event.ctrlKey)
			return;
		event.preventDefault();
		zoomTo(zoom * Math.pow(2, -event.deltaY / 200),
		       event.clientX - first.getBoundingClientRect().left);
	}

	all(".zoom").forEach(function (bar) {
		bar.hidden = false;
		bar.addEventListener("click", function (event) {
			var factor = event.target.dataset && event.target.dataset.zoom;
			if (factor)
				zoomTo(Number(factor) * zoom, middle());
		});
	});
	scrolls.forEach(function (scroll) {
		scroll.addEventListener("keydown", onKey);
		scroll.addEventListener("wheel", onWheel, { passive: false });
		scroll.addEventListener("scroll", function () { moveTo(scroll.scrollLeft); });
		drawTicks(scroll);
	});
	window.addEventListener("resize", function () { scrolls.forEach(drawTicks); });
	window.addEventListener("beforeprint", function () { zoomTo(1, 0); });
})();
