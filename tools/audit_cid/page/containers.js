// SPDX-License-Identifier: GPL-2.0-only
// The containers of the page, and which rows a filter leaves of them.

const BIDI_AND_CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

// What a character does that is not seen is shown instead of being done.
export function visible(text) {
	return text.replace(BIDI_AND_CONTROLS, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

export const nameOf = (con) => visible(con.name ?? '(no name)');
export const bootTitle = ({ node, boot, unsure }) =>
	`node ${visible(node ?? '-')}, boot ${boot}${unsure ? ' (or the one before)' : ''}`;

function searchText(con) {
	return [con.name, con.id, con.exe, ...con.programs.map(([what]) => what),
		...con.spaces.flatMap(([type, ...numbers]) => numbers.map((n) => `${type}=${n}`))]
		.map((text) => visible(text ?? '')).join('\n').toLowerCase();
}

// Where no record has the end, a container lived until its boot's last record at most.
function addLives(containers, boots) {
	for (const con of containers)
		con.to = con.end ?? con.of.last;
	for (const boot of boots) {
		boot.from = Math.min(...boot.heads.map((con) => con.from));
		boot.to = boot.last;
	}
}

// The containers are sorted: by boot, a parent before its children.
export function read(json) {
	const { made, containers: [names = [], ...values], spaces } = JSON.parse(json);
	const containers = values.map((list) => {
		const con = {};
		for (let i = 0; i < names.length; i++)
			con[names[i]] = list[i];
		return con;
	});
	const boots = [];

	for (const con of containers) {
		let boot = boots.at(-1);
		if (boot?.node !== con.node || boot?.boot !== con.boot) {
			boot = { node: con.node, boot: con.boot, unsure: con.unsure, last: 0,
				 heads: [], size: 0, depth: 0, children: true };
			boots.push(boot);
		}
		con.of = boot;
		con.spaces = con.spaces.map((i) => spaces[i]);
		con.above = containers[con.up - 1] ?? null;
		con.depth = con.above ? con.above.depth + 1 : 1;
		con.children = 0;
		if (con.above)
			con.above.children++;
		boot.heads.push(con);
		boot.size++;
		boot.last = Math.max(boot.last, con.last, con.end ?? 0);
	}
	addLives(containers, boots);
	return { made, containers, boots };
}

function matches(con, { text, node, boot, window }) {
	if (node !== '' && (con.node ?? '-') !== node)
		return false;
	if (boot !== '' && String(con.boot) !== boot)
		return false;
	if (window && (con.from > window[1] || con.to < window[0]))
		return false;
	return text.every((word) => (con.text ??= searchText(con)).includes(word));
}

// Rows with all above them, which are marked as context. What is closed hides what is
// below, unless somebody looks for something.
export function rowsOf({ containers }, filter, closed) {
	const found = new Set(containers.filter((con) => matches(con, filter)));
	const shown = new Set();

	for (let con of found)
		for (; con && !shown.has(con); con = con.above)
			shown.add(con);

	const rows = [], hidden = new Set();
	const looks = filter.text.length > 0;
	let boot = null;
	for (const con of containers) {
		if (!shown.has(con))
			continue;
		if (con.of !== boot)
			rows.push(boot = con.of);
		if (!looks && (hidden.has(con.above) || closed.has(con.above ?? boot)))
			hidden.add(con);
		else
			rows.push(con);
	}
	return { rows, found };
}
