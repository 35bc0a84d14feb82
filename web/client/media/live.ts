export function startMedia(): void {}
