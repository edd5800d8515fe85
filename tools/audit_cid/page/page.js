// SPDX-License-Identifier: GPL-2.0-only
// The page of auditcid tree --html: rows and lanes that are in sight are drawn, no more.

import { bootTitle, nameOf, read, rowsOf, visible } from './containers.js';
import { make, showDetails } from './details.js';
import { makeLanes } from './lanes.js';
import { timeText, zoneText } from './time.js';

const ROW = 24, INDENT = 14, DEEPEST = 12;
const by = (id) => document.getElementById(id);
const scroller = by('scroller');
const data = read(by('data').textContent);
const closed = new Set();
let rows = [], found = new Set(), chosen = null, hover = null, utc = false, planned = false;
const lanes = makeLanes(by('lanes'), by('axis'), () => by('shown-only').checked ? filter() : plan());

/*
 * Drawing
 */

function plan() {
	if (!planned)
		requestAnimationFrame(draw);
	planned = true;
}

function makeRow() {
	return make('div', { role: 'treeitem' }, ...['twisty', 'name', 'number'].map((className) => make('span', { className })));
}

function fillRow(element, row, i) {
	const isBoot = Boolean(row.heads), open = !closed.has(row), [twisty, name, number] = element.children;
	twisty.textContent = row.children ? open ? '▾' : '▸' : '';
	name.textContent = isBoot ? bootTitle(row) : nameOf(row);
	number.textContent = isBoot ? row.size.toLocaleString('en') : row.id;
	element.title = isBoot ? bootTitle(row) : `${nameOf(row)} ${row.id}`;
	element.id = `row-${i}`;
	element.dataset.row = i;
	element.style.paddingLeft = `${4 + INDENT * Math.min(row.depth, DEEPEST)}px`;
	element.ariaLevel = String(row.depth + 1);
	element.ariaSelected = String(row === chosen);
	element.ariaExpanded = row.children ? String(open) : null;
	element.className = ['row', isBoot && 'boot', row === chosen && 'chosen', row === hover && 'hover',
		!isBoot && !found.has(row) && 'context'].filter(Boolean).join(' ');
}

// Elements stay, as a click begins and ends on one.
function drawRows(first, top) {
	const list = by('rows'), shown = rows.slice(first, first + Math.ceil((scroller.clientHeight - top) / ROW));
	while (list.children.length > shown.length)
		list.lastChild.remove();
	while (list.children.length < shown.length)
		list.append(makeRow());
	shown.forEach((row, i) => fillRow(list.children[i], row, first + i));
	list.style.marginTop = `${top}px`;
	scroller.setAttribute('aria-activedescendant', chosen ? `row-${rows.indexOf(chosen)}` : '');
}

function drawWindow() {
	const [from, to] = lanes.window();
	by('from').textContent = `${timeText(from, utc)} to`;
	by('to').textContent = `${timeText(to, utc)} ${zoneText(to, utc)}`;
	by('window').title = `${by('from').textContent} ${by('to').textContent}`;
}

function draw() {
	const first = Math.floor(scroller.scrollTop / ROW), top = first * ROW - scroller.scrollTop;
	planned = false;
	drawRows(first, top);
	lanes.draw(rows, first, top, ROW, { chosen, hover, found });
	drawWindow();
	if (!performance.getEntriesByName('drawn').length)
		performance.mark('drawn');
}

/*
 * Choosing
 */

function filter() {
	const window = by('shown-only').checked ? lanes.window() : null;
	const text = by('text').value.toLowerCase().split(/\s+/).filter(Boolean);
	({ rows, found } = rowsOf(data, { text, node: by('node').value, boot: by('boot').value, window }, closed));
	by('space').style.height = `${Math.max(rows.length * ROW, scroller.clientHeight)}px`;
	by('none').hidden = rows.length > 0;
	const all = data.containers.length.toLocaleString('en');
	by('count').textContent = found.size === data.containers.length ? `${all} container${all === '1' ? '' : 's'}` :
		`${found.size.toLocaleString('en')} of ${all} containers`;
	plan();
}

function reveal(row) {
	const i = rows.indexOf(row), y = i * ROW;
	if (i < 0)
		return;
	if (y < scroller.scrollTop)
		scroller.scrollTop = y;
	else if (y + ROW > scroller.scrollTop + scroller.clientHeight)
		scroller.scrollTop = y + ROW - scroller.clientHeight;
}

const on = { choose, find, zoom: zoomTo, close: () => choose(null) };

function choose(row) {
	chosen = row;
	for (let up = row?.above; up; up = up.above)
		closed.delete(up);
	if (row && !row.heads)
		closed.delete(row.of);
	filter();
	if (row && !rows.includes(row)) {
		by('filter').reset();
		filter();
	}
	showDetails(by('details'), row?.heads ? null : row, utc, on);
	reveal(row);
}

function find(text) {
	by('text').value = text;
	filter();
	reveal(chosen);
}

function toggle(row, close = !closed.has(row)) {
	closed[close ? 'add' : 'delete'](row);
	filter();
}

function zoomTo({ from, to }) {
	const edge = Math.max((to - from) / 20, 5);
	lanes.show([from - edge, to + edge]);
}

function zoomToAll(list) {
	if (list.length)
		zoomTo({ from: list.reduce((least, con) => Math.min(least, con.from), Infinity),
			 to: list.reduce((most, con) => Math.max(most, con.to), 0) });
}

const fit = () => zoomToAll([...found]);

function fitRows() {
	const first = Math.ceil(scroller.scrollTop / ROW), count = Math.floor(scroller.clientHeight / ROW);
	zoomToAll(rows.slice(first, first + count).filter((row) => !row.heads));
}

/*
 * Keys and pointers
 */

function step(by) {
	const i = rows.indexOf(chosen);
	choose(rows[Math.max(0, Math.min(rows.length - 1, i < 0 ? 0 : i + by))] ?? null);
}

function close() {
	if (chosen && (chosen.heads || chosen.children) && !closed.has(chosen))
		toggle(chosen, true);
	else if (chosen && !chosen.heads)
		choose(chosen.above ?? chosen.of);
}

function open() {
	if (chosen && closed.has(chosen))
		toggle(chosen, false);
	else if (chosen?.children)
		step(1);
}

const page = () => Math.max(1, Math.floor(scroller.clientHeight / ROW) - 1);
const treeKeys = {
	ArrowDown: () => step(1), ArrowUp: () => step(-1), ArrowLeft: close, ArrowRight: open,
	PageDown: () => step(page()), PageUp: () => step(-page()),
	Home: () => step(-Infinity), End: () => step(Infinity),
	Enter: () => chosen?.heads && toggle(chosen), ' ': () => chosen?.children && toggle(chosen),
};
const keys = {
	'/': () => by('text').focus(), '+': () => lanes.zoomBy(2), '=': () => lanes.zoomBy(2), '-': () => lanes.zoomBy(.5),
	0: fit, r: fitRows, z: () => chosen && zoomTo(chosen), ',': () => lanes.panBy(.25), '.': () => lanes.panBy(-.25),
	Escape: () => choose(null),
};

function onKey(event) {
	const writes = event.target.matches('input[type=search], select');
	if (event.ctrlKey || event.altKey || event.metaKey)
		return;
	if (writes && event.key === 'Escape')
		scroller.focus();
	const action = writes ? null : event.target === scroller && treeKeys[event.key] || keys[event.key];
	if (!action)
		return;
	event.preventDefault();
	action();
}

function rowAt(event) {
	const y = event.clientY - by('layer').getBoundingClientRect().top + scroller.scrollTop;
	return rows[event.target.closest('.row')?.dataset.row ?? Math.floor(y / ROW)] ?? null;
}

function onClick(event) {
	const row = rowAt(event);
	if (!row)
		return;
	if (row.heads || event.target.className === 'twisty' && row.children)
		toggle(row);
	else
		choose(row);
}

function onHover(event) {
	const row = event.type === 'pointerleave' ? null : rowAt(event);
	if (row === hover)
		return;
	hover = row;
	plan();
}

/*
 * The beginning
 */

function addChoices(select, values, title) {
	for (const value of values)
		select.append(make('option', { value }, title(value)));
	select.hidden = values.length < 2;
}

function resize() {
	const height = scroller.clientHeight, width = scroller.clientWidth - by('rows').offsetWidth;
	by('layer').style.height = `${height}px`;
	lanes.resize(width, height);
	filter();
}

const unique = (list) => [...new Set(list)];
addChoices(by('node'), unique(data.boots.map(({ node }) => node ?? '-')), visible);
addChoices(by('boot'), unique(data.boots.map(({ boot }) => String(boot))).sort((a, b) => a - b), (n) => `boot ${n}`);
by('made').textContent = ` on ${timeText(data.made * 1000, true).slice(0, 16)} UTC`;
if (data.boots.length)
	lanes.setAll(Math.min(...data.boots.map(({ from }) => from)), Math.max(...data.boots.map(({ to }) => to)));

by('filter').addEventListener('input', () => { scroller.scrollTop = 0; filter(); });
by('filter').addEventListener('submit', (event) => event.preventDefault());
by('utc').addEventListener('change', (event) => {
	utc = event.target.checked;
	lanes.setUtc(utc);
	showDetails(by('details'), chosen?.heads ? null : chosen, utc, on);
});
by('in').onclick = () => lanes.zoomBy(2);
by('out').onclick = () => lanes.zoomBy(.5);
by('fit').onclick = fit;
by('fit-rows').onclick = fitRows;
scroller.addEventListener('scroll', plan);
by('layer').addEventListener('click', onClick);
by('layer').addEventListener('dblclick', (event) => by('rows').contains(event.target) && rowAt(event) && zoomTo(rowAt(event)));
by('layer').addEventListener('pointermove', onHover);
by('layer').addEventListener('pointerleave', onHover);
document.addEventListener('keydown', onKey);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', plan);
new ResizeObserver(resize).observe(scroller);
