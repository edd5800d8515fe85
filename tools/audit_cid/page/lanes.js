// SPDX-License-Identifier: GPL-2.0-only
// The time beside the tree: an axis, and a lane for each row that is in sight.

import { axisTop } from 'd3-axis';
import { scaleTime, scaleUtc } from 'd3-scale';
import { select } from 'd3-selection';
import { zoom as d3zoom, zoomIdentity } from 'd3-zoom';
import { tickText } from './time.js';

const LEAST = 3;		// px: what lived for a moment is seen, too
const EDGE = 28;			// px: half the text of a tick
const FINEST = 10;		// ms across the width

export function makeLanes(canvas, axis, onChange) {
	const box = canvas.getContext('2d');
	const zoom = d3zoom();
	let full = scaleTime(), now = full, all = [0, 1], width = 0, height = 0, utc = false;

	function colours() {
		const style = getComputedStyle(canvas);
		return Object.fromEntries(['line', 'panel', 'chosen', 'hover', 'ended', 'open', 'gap', 'text', 'faint']
			.map((name) => [name, style.getPropertyValue(`--${name}`)]));
	}

	function setScale() {
		full = (utc ? scaleUtc : scaleTime)(all, [0, width]);
		zoom.extent([[0, 0], [width, height]]).translateExtent([[0, 0], [width, height]])
			.scaleExtent([1, Math.max(1, (all[1] - all[0]) / FINEST)]);
	}

	function show([from, to]) {
		const least = FINEST;
		if (to - from < least)
			[from, to] = [from - least / 2, to + least / 2];
		const k = width / Math.max(full(to) - full(from), 1e-9);
		select(canvas).call(zoom.transform, zoomIdentity.scale(k).translate(-full(from), 0));
	}

	function drawAxis() {
		const all = now.ticks(Math.max(4, Math.floor(width / 110)));
		const apart = all.length > 1 ? all[1] - all[0] : FINEST;
		const ticks = all.filter((date) => now(date) > EDGE && now(date) < width - EDGE);
		const group = select(axis).selectAll('g').data([0]).join('g').attr('transform', 'translate(0,42)');
		group.call(axisTop(now).tickValues(ticks).tickSizeOuter(0)
			.tickFormat((date) => tickText(date.getTime(), utc, apart)));
		group.selectAll('.tick text').attr('class', (date) =>
			tickText(date.getTime(), utc, apart).length === 10 ? 'day' : null);
		return ticks.map(now);
	}

	function drawBar(con, y, h, colour) {
		const look = con.created ? con.end === null ? colour.open : colour.ended : colour.gap;
		const seen = Math.min(con.how === 'exit' ? con.to : con.last, con.to);
		const [from, sure, to] = [con.from, seen, con.to].map((at) => Math.max(-9, Math.min(width + 9, now(at))));

		box.fillStyle = box.strokeStyle = look;
		if (to > sure) {
			box.globalAlpha = .25;
			box.fillRect(sure, y + 6, to - sure, h - 12);
			box.globalAlpha = 1;
			box.setLineDash([3, 3]);
			box.strokeRect(sure + .5, y + 6.5, to - sure - 1, h - 13);
			box.setLineDash([]);
		}
		if (to >= 0 && from <= width)
			box.fillRect(from, y + 6, Math.max(sure - from, LEAST), h - 12);
	}

	function drawRow(row, y, h, colour, { chosen, hover, found }) {
		if (row.heads || row === chosen || row === hover) {
			box.fillStyle = row === chosen ? colour.chosen : row === hover ? colour.hover : colour.panel;
			box.fillRect(0, y, width, h);
		}
		if (row.heads) {
			box.fillStyle = colour.faint;
			box.fillRect(now(row.from), y + h / 2 - 1, Math.max(now(row.to) - now(row.from), LEAST), 2);
			return;
		}
		if (found.has(row))
			drawBar(row, y, h, colour);
		else
			drawBar(row, y + 3, h - 6, colour);
	}

	// rows[first...], of which the first begins at top
	function draw(rows, first, top, h, marks) {
		const ratio = devicePixelRatio, colour = colours();
		box.setTransform(ratio, 0, 0, ratio, 0, 0);
		box.clearRect(0, 0, width, height);
		box.fillStyle = colour.line;
		for (const x of drawAxis())
			box.fillRect(Math.round(x), 0, 1, height);
		for (let i = first, y = top; i < rows.length && y < height; i++, y += h)
			drawRow(rows[i], y, h, colour, marks);
	}

	function resize(w, h) {
		const window = width ? now.domain().map(Number) : all;
		[width, height] = [w, h];
		canvas.width = Math.round(w * devicePixelRatio);
		canvas.height = Math.round(h * devicePixelRatio);
		axis.setAttribute('width', w);
		setScale();
		show(window);
	}

	zoom.filter((event) => event.type === 'wheel' ? event.ctrlKey || event.metaKey : !event.button)
		.on('zoom', ({ transform }) => {
			now = transform.rescaleX(full);
			onChange();
		});
	select(canvas).call(zoom);

	return {
		draw, resize, show,
		setAll(from, to) {
			const edge = Math.max((to - from) / 50, FINEST);
			all = [from - edge, to + edge];
		},
		setUtc(on) {
			const window = now.domain().map(Number);
			utc = on;
			setScale();
			show(window);
		},
		window: () => now.domain().map(Number),
		zoomBy: (factor) => select(canvas).call(zoom.scaleBy, factor),
		panBy: (part) => select(canvas).call(zoom.translateBy, part * width / (full.domain()[1] - full.domain()[0]) * (now.domain()[1] - now.domain()[0]), 0),
		timeAt: (x) => now.invert(x).getTime(),
	};
}
