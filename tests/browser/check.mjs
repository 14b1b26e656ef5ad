// Opens each report.html at phone and desktop width, light and dark: no error, no request, nothing wider than the page, readable text.
// Usage: node check.mjs CHROMIUM SCREENSHOT-DIR report.html...
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

const [executablePath, shots, ...files] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let passed = 0, failed = 0;

function look() {
	const parse = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
	const luminance = ([r, g, b]) => {
		const f = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
	};
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] === 1) return c;
		}
		return [255, 255, 255];
	};
	const problems = [];
	if (document.documentElement.scrollWidth > innerWidth) problems.push(`${document.documentElement.scrollWidth} px wide in ${innerWidth}`);
	const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node; (node = words.nextNode()); ) {
		const e = node.parentElement;
		if (!node.data.trim() || e.closest("svg,style")) continue;
		const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) problems.push(`contrast ${ratio.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
		if (parseFloat(getComputedStyle(e).fontSize) < 11) problems.push(`${getComputedStyle(e).fontSize}: ${node.data.trim().slice(0, 40)}`);
	}
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push(`id ${id} twice`);
	for (const a of document.querySelectorAll("a[href]")) {
		const target = a.getAttribute("href");
		if (!target.startsWith("#")) problems.push(`a link outside: ${target}`);
		else if (!document.getElementById(target.slice(1))) problems.push(`${target} is defined nowhere`);
	}
	if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
	if (!/^(NO-GO|GO|HOLD)/.test(document.querySelector("h1").innerText)) problems.push("h1 is no verdict");
	if (document.querySelector("script,iframe,object,link,img[src^=http]")) problems.push("something active or from outside");
	return [...new Set(problems)].slice(0, 8);
}

for (const file of files)
	for (const width of [375, 1280])
		for (const colorScheme of ["light", "dark"]) {
			const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
			const problems = [];
			page.on("console", (m) => problems.push(`console: ${m.text()}`));
			page.on("pageerror", (e) => problems.push(`error: ${e.message}`));
			page.on("request", (r) => r.url().startsWith("file:") || problems.push(`request: ${r.url()}`));
			await page.goto(pathToFileURL(file).href);
			problems.push(...(await page.evaluate(look)));
			await page.screenshot({ path: `${shots}/${file.split("/").at(-2)}-${width}-${colorScheme}.png`, fullPage: true });
			await page.close();
			for (const p of problems) console.log(`FAIL: ${file} at ${width}, ${colorScheme}: ${p}`);
			problems.length ? failed++ : passed++;
		}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
