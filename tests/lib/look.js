// SPDX-License-Identifier: BSD-2-Clause
//
// look - a page in headless Chromium at three widths, light and dark: prints "fault: ..."
// for what overflows, for each message on the console, for each request that leaves the
// file, and for text without enough contrast (WCAG 2.2 1.4.3). Speaks the DevTools
// protocol over a pipe: nothing but node and Chromium is needed.
// Usage: node look.js CHROMIUM PAGE FOLDER-FOR-PICTURES
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const [browser, page, folder] = process.argv.slice(2);
const profile = fs.mkdtempSync(path.join(process.env.scratch || os.tmpdir(), 'look-'));
const child = spawn(browser, ['--headless=new', '--no-sandbox', '--disable-gpu',
    '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--remote-debugging-pipe',
    `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });

let next = 1;
const waiting = new Map();
const faults = [];
let pending = '';
child.stdio[4].on('data', (bytes) => {
    pending += bytes;
    let end;
    while ((end = pending.indexOf('\0')) >= 0) {
        take(JSON.parse(pending.slice(0, end)));
        pending = pending.slice(end + 1);
    }
});

function take(message) {
    if (message.id && waiting.has(message.id)) {
        const { resolve, reject } = waiting.get(message.id);
        waiting.delete(message.id);
        message.error ? reject(new Error(message.error.message)) : resolve(message.result);
    } else if (message.method === 'Log.entryAdded') {
        faults.push(`console: ${message.params.entry.text}`);
    } else if (message.method === 'Runtime.exceptionThrown') {
        faults.push('an exception');
    } else if (message.method === 'Network.requestWillBeSent') {
        const url = message.params.request.url;
        if (!/^(file|data|about):/.test(url)) faults.push(`request: ${url}`);
    }
}

function call(method, params, sessionId) {
    const id = next++;
    child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

// Runs in the page.
function inspect() {
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width)
        found.push(`the page is ${document.documentElement.scrollWidth} wide of ${width}`);
    const numbers = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const below = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const c = numbers(getComputedStyle(at).backgroundColor);
            if (c.length === 3 || (c.length === 4 && c[3] > 0)) return c;
        }
        return [255, 255, 255];
    };
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || element.getClientRects().length === 0) continue;
        const inSvg = element instanceof SVGElement;
        const style = getComputedStyle(element);
        const a = light(numbers(inSvg ? style.fill : style.color));
        const b = light(below(inSvg ? element.closest('svg').parentElement : element));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5)
            found.push(`contrast ${ratio.toFixed(1)}: ${element.textContent.slice(0, 40)}`);
    }
    return found;
}

async function look() {
    const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true });
    const s = (method, params) => call(method, params, sessionId);
    for (const domain of ['Page', 'Log', 'Runtime', 'Network']) await s(`${domain}.enable`);
    for (const scheme of ['light', 'dark']) {
        await s('Emulation.setEmulatedMedia',
            { features: [{ name: 'prefers-color-scheme', value: scheme }] });
        for (const width of [380, 900, 1600]) {
            await s('Emulation.setDeviceMetricsOverride',
                { width, height: 900, deviceScaleFactor: 1, mobile: false });
            await s('Page.navigate', { url: `file://${path.resolve(page)}` });
            for (let i = 0; i < 200; i++) {
                const { result } = await s('Runtime.evaluate',
                    { expression: 'document.readyState' });
                if (result.value === 'complete') break;
                await new Promise((done) => setTimeout(done, 50));
            }
            const { result } = await s('Runtime.evaluate',
                { expression: `(${inspect})()`, returnByValue: true });
            for (const fault of result.value) faults.push(`${scheme} ${width}: ${fault}`);
            const { data } = await s('Page.captureScreenshot',
                { format: 'png', captureBeyondViewport: true });
            fs.writeFileSync(path.join(folder, `report-${scheme}-${width}.png`),
                Buffer.from(data, 'base64'));
        }
    }
}

const limit = setTimeout(() => { console.log('fault: no answer in 60 s'); end(1); }, 60000);
function end(code) {
    clearTimeout(limit);
    child.once('exit', () => {
        try {
            fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
        } catch { /* a child of the browser still writes there: it lies in the scratch */ }
        process.exit(code);
    });
    child.kill();
}
look().then(() => {
    for (const fault of faults) console.log(`fault: ${fault}`);
    console.log(`looked: ${faults.length} faults`);
    end(0);
}, (error) => { console.log(`fault: ${error.message}`); end(1); });
