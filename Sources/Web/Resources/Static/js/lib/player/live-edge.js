/**
 * How much to keep buffered when it is least, in seconds. That is beyond what the network's jitter takes, which the
 * minimum already holds: what is left is for the decoder. At 0.06 Chromium stalls.
 */
export const marginSeconds = 0.1;
const marginSecondsMax = 2;
/** Beyond this, running faster would take too long to be unseen. */
const behindSecondsMax = 2;
/** The minimum that counts is the one over this time: the mean says nothing about the next late frame. */
const windowMilliseconds = 1000;
/** A longer silence is a publisher that went away and teaches nothing about the network. */
const interruptionMilliseconds = 2000;
/** What came from the last keyframe on arrives as a burst; where it ends is the live edge. */
const burstMillisecondsMax = 300;
/** A burst that went on after a start in its middle is followed at once for so long. */
const settlingMilliseconds = 1500;
const settlingSeconds = 0.4;
const seekIntervalMilliseconds = 2000;
const toleranceSeconds = 0.015;
/** What is left of a frame's time when a range ends: nothing more to show in it. */
const frameSeconds = 0.03;
/**
 * Rate per second of error: the error is gone in about a second. While the player gains on the edge its least is its
 * latest, so that nothing lags and nothing overshoots.
 */
const gain = 1;

/**
 * Decides how fast to play and where to: the control law of the live player, without a clock or a video of its own.
 *
 * It keeps the *smallest* amount buffered ahead within the last second at the margin: faster (1.02–1.15) when there is
 * more, slower (0.93) when there is less. A stall raises the margin (× 1.25 + 20 ms, at most 2 s) and holds playback
 * until it is refilled; undisturbed playback lowers it again. Times are seconds of media and milliseconds of `now`.
 */
export class LiveEdge {
  #margin = marginSeconds;
  #samples = [];
  #first = null;
  #stall = null;
  #seekedAt = -Infinity;
  #calmSince = 0;
  #wantsLive = false;
  #startedAt = null;

  /** The margin aimed for at present. */
  get margin() {
    return this.#margin;
  }

  /** Begins anew: another stream, another buffer. What was learned about the network stays. */
  restart() {
    this.#samples = [];
    this.#first = null;
    this.#stall = null;
    this.#startedAt = null;
  }

  /** Go to the live edge at the next step, however near it is: the page was hidden, or playback was paused. */
  seekToLive() {
    this.#wantsLive = true;
  }

  /**
   * Playback stood still with `ahead` seconds buffered. With frames at hand it is the browser that does not keep up,
   * and more of them would not help it.
   */
  stalled(now, ahead) {
    if (this.#startedAt === null || this.#stall || ahead > 2 * frameSeconds) return;
    if (now - this.#seekedAt < windowMilliseconds) return;
    this.#stall = { since: now, margin: this.#margin };
    this.#margin = Math.min(marginSecondsMax, this.#margin * 1.25 + 0.02);
  }

  /**
   * @param ranges what is buffered, `[[start, end], …]` in order
   * @param isFilling more is here and not in `ranges` yet
   * @returns `{ rate, seekTo }`; a rate of 0 holds, `seekTo` is null to stay
   */
  step(now, time, ranges, isFilling = false) {
    const live = ranges.at(-1);
    if (!live) return { rate: 1, seekTo: null };
    if (this.#startedAt === null) return this.#start(now, live, isFilling);

    const range = ranges.find(([start, end]) => start - frameSeconds <= time && time < end);
    const ahead = range ? range[1] - time : 0;
    if (!range || (range !== live && ahead < frameSeconds)) {
      const next = ranges.find(([start]) => start > time);
      // A hole: media that never came. What lies behind it is played from its start, or from the edge if that is far.
      if (next) return this.#seek(now, Math.max(next[0], live[1] - behindSecondsMax, this.#target(live)), true);
      // Beyond all there is: the show's clock went back. A little beyond is only a stall.
      if (time - live[1] > 1) return this.#seek(now, this.#target(live), true);
    }
    const behind = live[1] - time;
    const isSettling = now - this.#startedAt < settlingMilliseconds;
    if (this.#wantsLive || behind > this.#margin + (isSettling ? settlingSeconds : behindSecondsMax)) {
      const wanted = this.#wantsLive || isSettling;
      this.#wantsLive = false;
      if (behind > this.#margin + 2 * frameSeconds) {
        const seek = this.#seek(now, this.#target(live), wanted);
        if (seek.seekTo !== null) return seek;
      }
    }
    // A browser's clock may run on beyond the last frame for a while before it says so.
    if (ahead === 0) this.stalled(now, 0);
    return { rate: this.#rate(now, ahead), seekTo: null };
  }

  #start(now, live, isFilling) {
    const before = this.#first?.last;
    this.#first ??= { at: now };
    this.#first.last = { now, end: live[1] };
    const isBurst = isFilling || !before || (live[1] - before.end) * 1000 > 2 * (now - before.now);
    if (isBurst && now - this.#first.at < burstMillisecondsMax) return { rate: 1, seekTo: null };
    this.#startedAt = now;
    this.#calmSince = now;
    return this.#seek(now, this.#target(live), true);
  }

  #target(live) {
    return Math.max(live[0], live[1] - this.#margin);
  }

  /** Seeks follow each other no faster than they can succeed: each one decodes from the keyframe before it. */
  #seek(now, seekTo, isUrgent) {
    const interval = isUrgent ? windowMilliseconds / 4 : seekIntervalMilliseconds;
    if (now - this.#seekedAt < interval) return { rate: 1, seekTo: null };
    this.#seekedAt = now;
    this.#endStall(now);
    return { rate: 1, seekTo };
  }

  #rate(now, ahead) {
    if (this.#stall) {
      const isLong = now - this.#stall.since >= interruptionMilliseconds;
      if (ahead < (isLong ? frameSeconds : this.#margin)) return 0;
      this.#endStall(now);
    }
    this.#decay(now);
    this.#samples.push({ now, ahead });
    while (this.#samples[0].now < now - windowMilliseconds) this.#samples.shift();
    if (now - this.#samples[0].now < windowMilliseconds / 2) return 1;
    const error = Math.min(...this.#samples.map((sample) => sample.ahead)) - this.#margin;
    if (error > toleranceSeconds) return Math.min(1.15, Math.max(1.02, 1 + gain * error));
    if (error < -this.#margin / 3) return 0.93;
    return 1;
  }

  #endStall(now) {
    if (this.#stall && now - this.#stall.since >= interruptionMilliseconds) this.#margin = this.#stall.margin;
    this.#stall = null;
    this.#samples = [];
    this.#calmSince = now;
  }

  /** Ten calm seconds, then 3 % a second of what is above the usual. */
  #decay(now) {
    const calm = now - this.#calmSince - 10_000;
    if (calm < 1000 || this.#margin <= marginSeconds) return;
    this.#margin = Math.max(marginSeconds, marginSeconds + (this.#margin - marginSeconds) * 0.97);
    this.#calmSince = now - 10_000;
  }
}
