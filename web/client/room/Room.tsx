export function Room() {
  return (
    <main class="room">
      <h1 tabIndex={-1}>The room</h1>
    </main>
  );
}
