// SPDX-License-Identifier: GPL-2.0-only
// Make the page: its script with the libraries, its style, and their licences in one
// file that loads nothing. Usage: node make.js SOURCE FILE, where node_modules is
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const [source, file] = process.argv.slice(2);
const modules = 'node_modules';

const bundle = (name, options) => build({
	entryPoints: [`${source}/${name}`], bundle: true, minify: true, write: false, metafile: true,
	format: 'iife', target: ['chrome111', 'firefox115', 'safari16.4'], charset: 'ascii', legalComments: 'none',
	nodePaths: [modules], ...options,
}).then(({ outputFiles: [{ text }], metafile }) => ({ text: text.trim(), metafile }));

function licences({ inputs }) {
	const names = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
	return [...new Set(names)].filter(Boolean).sort().map((name) => {
		const { version, license } = JSON.parse(readFileSync(`${modules}/${name}/package.json`));
		return `${name} ${version} (${license})\n\n${readFileSync(`${modules}/${name}/LICENSE`, 'utf8').trim()}`;
	}).join('\n\n\n');
}

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

const script = await bundle('page.js');
const style = await bundle('page.css');
const parts = {
	SCRIPT: script.text,
	STYLE: style.text,
	LICENCES: escaped(licences(script.metafile)),
	POLICY: `default-src 'none'; script-src ${hash(script.text)}; style-src ${hash(style.text)}; base-uri 'none'; form-action 'none'`,
};
if (/<\/(script|style)/i.test(script.text + style.text))
	throw new Error('an element would end too early');
writeFileSync(file, readFileSync(`${source}/page.html`, 'utf8')
	.replace(/@(SCRIPT|STYLE|LICENCES|POLICY)@/g, (_, name) => parts[name]));
