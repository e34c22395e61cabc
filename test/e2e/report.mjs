// How the programs here tell what they found: each check prints one line of JSON, {"name", "ok", "error"}; the Go tests say
// which checks there have to be.
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 15_000;

export async function check(name, fn) {
    try {
        await fn();
        console.log(JSON.stringify({ name, ok: true }));
    } catch (e) {
        console.log(JSON.stringify({ name, ok: false, error: e?.stack ?? String(e) }));
    }
}

// text is what a model would read of a result.
export const text = (result) => result.content.map((block) => block.text ?? '').join('');

export async function eventually(fn) {
    for (const end = Date.now() + patience; ; await sleep(10)) {
        try {
            return await fn();
        } catch (e) {
            if (Date.now() > end) throw e;
        }
    }
}
