/**
 * The child's side of {@link Child}: answers each message by the function of its `type`, until it is told to close.
 * @param close what has to be done before the process ends
 */
export function answer(answers, close = async () => {}) {
  const handle = async (message) => {
    if (message.type === 'close') {
      await close();
      process.exit(0);
    }
    try {
      process.send({ id: message.id, result: (await answers[message.type](message)) ?? null });
    } catch (error) {
      process.send({ id: message.id, error: error.message });
    }
  };
  process.on('message', (message) => void handle(message));
  // Whoever started it is gone.
  process.on('disconnect', () => process.exit(1));
}
