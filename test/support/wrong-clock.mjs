// Loaded before all else by a process whose clock is wrong, by as many seconds as CLOCK_AHEAD says.
const ahead = Number(process.env['CLOCK_AHEAD']) * 1000;
const now = () => Right.now() + ahead;
const Right = Date;

globalThis.Date = class Date extends Right {
  constructor(...args) {
    super(...(args.length === 0 ? [now()] : args));
  }

  static now() {
    return now();
  }
};
