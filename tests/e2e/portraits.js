// For the screenshots: instead of one flat colour, each person's camera sees a painted person.  Runs after instruments.js,
// keeps its tone, and replaces the picture.  album.py sets `window.portrait` = {wall, skin, hair, shirt, cut} before this.

(() => {
  if (!navigator.mediaDevices || !window.portrait) return;
  const { wall, skin, hair, shirt, cut } = window.portrait;
  const plain = navigator.mediaDevices.getUserMedia;

  function ellipse(pen, x, y, across, down, from = 0, to = 2 * Math.PI) {
    pen.beginPath();
    pen.ellipse(x, y, across, down, 0, from, to);
    pen.fill();
  }

  function paint(pen, beat) {
    const room = pen.createLinearGradient(0, 0, 640, 480);
    room.addColorStop(0, wall);
    room.addColorStop(1, "#39423f");
    pen.fillStyle = room;
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = "rgb(255 250 235 / 14%)"; // a window
    pen.fillRect(52, 36, 118, 190);
    pen.fillStyle = shirt;
    ellipse(pen, 320, 530, 225, 195);
    pen.fillStyle = hair;
    if (cut === "long") {
      pen.beginPath();
      pen.roundRect(214, 120, 212, 260, 96);
      pen.fill();
    }
    if (cut === "scarf") ellipse(pen, 320, 232, 132, 158);
    pen.fillStyle = skin;
    pen.fillRect(282, 290, 76, 80);
    ellipse(pen, 320, 360, 38, 16);
    ellipse(pen, 320, 220, 86, 110);
    pen.fillStyle = hair;
    if (cut === "long" || cut === "short") ellipse(pen, 320, 158, 94, 66, Math.PI, 0);
    if (cut === "grey") ellipse(pen, 320, 150, 88, 48, Math.PI, 0);
    pen.fillStyle = "rgb(40 28 22 / 78%)";
    ellipse(pen, 288, 218, 8, 6);
    ellipse(pen, 352, 218, 8, 6);
    pen.strokeStyle = "rgb(90 50 40 / 65%)";
    pen.lineWidth = 5;
    pen.lineCap = "round";
    pen.beginPath();
    pen.arc(320, 258, 30, 0.25 * Math.PI, 0.75 * Math.PI);
    pen.stroke();
    pen.fillStyle = beat % 2 ? "#39423f" : "#3a433f"; // every frame differs from the last
    pen.fillRect(632, 472, 8, 8);
  }

  function picture() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const pen = canvas.getContext("2d");
    let beat = 0;
    paint(pen, beat);
    const [track] = canvas.captureStream().getVideoTracks();
    const timer = setInterval(
      () => (track.readyState === "live" ? paint(pen, ++beat) : clearInterval(timer)),
      100,
    );
    return track;
  }

  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await plain.call(navigator.mediaDevices, wanted);
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
      stream.addTrack(instruments.adopt(picture()));
    }
    return stream;
  };
})();
