import { rememberCaptions } from "./captions.js";

/** Where a picture may be shown, by the browsers' several ways. A refusal, for want of a gesture perhaps, changes nothing. */

export const canInset = (video) => Boolean(document.pictureInPictureEnabled || video.webkitSetPresentationMode);
export const canFill = (video) => Boolean(document.fullscreenEnabled || video.webkitEnterFullscreen);

export function toggleInset(video) {
  if (document.pictureInPictureElement) document.exitPictureInPicture().catch(() => {});
  else if (video.requestPictureInPicture) video.requestPictureInPicture().catch(() => {});
  else video.webkitSetPresentationMode?.("picture-in-picture");
}

/** With all that `room` holds; the picture alone where a browser knows no other way. */
export function toggleFull(room, video) {
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  else if (room.requestFullscreen) room.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}

export const captionsOf = (video) =>
  Array.from(video.textTracks).filter(({ kind }) => kind === "captions" || kind === "subtitles");

export const showsCaptions = (video) => captionsOf(video).some(({ mode }) => mode === "showing");

/** Whether they are shown now. */
export function toggleCaptions(video) {
  const tracks = captionsOf(video);
  const isShown = showsCaptions(video);
  if (tracks.length > 0) rememberCaptions(!isShown);
  tracks.forEach((track, at) => {
    track.mode = !isShown && at === 0 ? "showing" : "hidden";
  });
  return !isShown && tracks.length > 0;
}
