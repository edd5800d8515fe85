// SPDX-License-Identifier: GPL-2.0-only
// Times as text: local or UTC, 24 hours, as in the log.

const pad = (n, width = 2) => String(n).padStart(width, '0');

function parts(at, utc) {
	const date = new Date(utc ? at : at - new Date(at).getTimezoneOffset() * 60000);
	const [day, time] = date.toISOString().split('T');
	return { day, time: time.slice(0, 8), milli: time.slice(9, 12) };
}

export function timeText(at, utc) {
	const { day, time, milli } = parts(at, utc);
	return `${day} ${time}.${milli}`;
}

// A tick of the axis: the day where one begins, otherwise as fine as ticks are apart
export function tickText(at, utc, apart) {
	const { day, time, milli } = parts(at, utc);
	if (time === '00:00:00' && milli === '000')
		return day;
	return apart < 1000 ? `${time}.${milli}` : apart < 60000 ? time : time.slice(0, 5);
}

export function zoneText(at, utc) {
	if (utc)
		return 'UTC';
	const minutes = -new Date(at).getTimezoneOffset();
	const offset = `${minutes < 0 ? '−' : '+'}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
	return `${Intl.DateTimeFormat().resolvedOptions().timeZone} (UTC${offset})`;
}

export function spanText(ms) {
	const units = [['d', 86400000], ['h', 3600000], ['min', 60000], ['s', 1000]];
	for (const [i, [name, size]] of units.entries()) {
		if (ms < size)
			continue;
		const rest = i < 3 ? Math.floor(ms % size / units[i + 1][1]) : 0;
		return name === 's' ? `${(ms / 1000).toFixed(3)} s` :
			`${Math.floor(ms / size)} ${name}${rest ? ` ${rest} ${units[i + 1][0]}` : ''}`;
	}
	return `${ms} ms`;
}
