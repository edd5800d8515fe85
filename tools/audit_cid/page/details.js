// SPDX-License-Identifier: GPL-2.0-only
// What is known of one container

import { bootTitle, nameOf, visible } from './containers.js';
import { spanText, timeText } from './time.js';

// Whatever a log has is text here, never markup.
export function make(tag, props, ...children) {
	const element = Object.assign(document.createElement(tag), props);
	element.append(...children);
	return element;
}

const button = (text, onclick, className = '') => make('button', { type: 'button', className, onclick }, text);

function parentOf(con, on) {
	if (con.above)
		return button(`${con.parent} ${nameOf(con.above)}`, () => on.choose(con.above), 'link');
	return con.parent === null ? 'unknown' : con.parent === '0' ? '0 (the host)' : con.parent;
}

function makerOf(con) {
	return `auid ${visible(con.auid ?? '?')}, process ${con.pid}, ${visible(con.exe ?? '?')}`;
}

function endOf(con, utc) {
	if (con.how === 'exit')
		return timeText(con.end, utc);
	if (con.end !== null)
		return `by ${timeText(con.end, utc)} (${con.how}): no record of the end`;
	return `no record of the end; last seen ${timeText(con.last, utc)}`;
}

function livedOf(con) {
	const [least, most] = [con.last, con.to].map((at) => spanText(at - con.from));
	if (!con.created || con.end === null)
		return `${least} at least`;
	return con.how === 'exit' ? most : `${least} to ${most}`;
}

function facts(con, utc, on) {
	const list = [
		['ID', con.id],
		['Where', bootTitle(con)],
		['Parent', parentOf(con, on)],
		['Begin', con.created ? timeText(con.from, utc) : `no create record; first seen ${timeText(con.from, utc)}`],
		con.created && ['Made by', makerOf(con)],
		['End', endOf(con, utc)],
		['Lived', livedOf(con)],
		con.delegate && ['Delegate', `its members may make ${con.delegate} below it`],
		['Children', String(con.children)],
		['Processes', `${con.processes} seen`],
		['Events', `${con.events}, of which ${con.failed} failed`],
	];
	return make('dl', {}, ...list.filter(Boolean).flatMap(([name, value]) =>
		[make('dt', {}, name), make('dd', {}, value)]));
}

function programs(con) {
	if (!con.programs.length)
		return make('p', { className: 'faint' }, 'No record names one.');
	const most = con.programs[0][1];
	return make('table', {}, ...con.programs.map(([what, count]) => make('tr', {},
		make('td', {}, visible(what), make('meter', { max: most, value: count, title: '' })),
		make('td', { className: 'number' }, String(count)))));
}

function spaces(con, on) {
	if (!con.spaces.length)
		return make('p', { className: 'faint' }, 'No record has them.');
	const rows = con.spaces.map(([type, inode, id]) => make('tr', {},
		make('td', {}, type),
		make('td', {}, button(inode, () => on.find(`${type}=${inode}`), 'link')),
		make('td', {}, id ? button(id, () => on.find(`${type}=${id}`), 'link') : '')));
	const head = make('tr', {}, ...['', 'inode', con.spaces.some(([, , id]) => id) ? 'ID' : '']
		.map((text) => make('th', {}, text)));
	return make('table', {}, head, ...rows);
}

// on: choose(container), find(text), zoom(container), close()
export function showDetails(panel, con, utc, on) {
	panel.hidden = !con;
	if (!con)
		return;
	const close = button('✕', on.close);
	close.title = 'Close (Esc)';
	close.ariaLabel = 'Close';
	panel.replaceChildren(
		make('header', {}, make('h2', {}, nameOf(con)), close),
		facts(con, utc, on),
		make('div', { className: 'actions' }, button('Zoom to its life', () => on.zoom(con))),
		make('h3', {}, 'Most frequent programs'), programs(con),
		make('h3', {}, 'Namespaces'), spaces(con, on),
		con.more ? make('p', { className: 'faint' }, 'There were more.') : '',
		make('h3', {}, 'Its events'), make('code', {}, `auditcid search --contid ${con.id} -i LOG`));
}
