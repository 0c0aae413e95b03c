#!/usr/bin/env python3
"""Writes the seeds: short inputs from which the fuzzer begins. Each is made here, from set-ups that x264, x265, libaom
and ffmpeg's AAC encoder wrote. Run it after a change; the files are kept, so that fuzzing needs no Python."""

import pathlib
import struct

AVC = bytes.fromhex("0142c00dffe100196742c00dd901419f9f0110000003001000000303c0f142a48001000568cb83cb20")
AVC_LARGE = bytes.fromhex(
    "01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c65801000668ebe3cb22c0fdf8f800")
AVC_FIELDS = bytes.fromhex(
    "017a001effe10018677a001ebcd940b424d8088000000300800000190f8a14cb01000668fba3cb22c0fef8f800")
HEVC = bytes.fromhex(
    "0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c959809a10001002a"
    "42010101600000030090000003000003003ca00a480b9c9596566924caf0168080000003008000000f04a2000100074401c172b46240")
HEVC_10 = bytes.fromhex(
    "0102200000009000000000003ff000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003003f959809a10001002b"
    "42010102200000030090000003000003003fa005020169365959a4932bc05a020000030002000003003c10a2000100074401c172b46240")
AV1 = bytes.fromhex("81000c000a0b000000043cfeccdaf90040")
AV1_10 = bytes.fromhex("81054c000a0b0000002d4cffb3c02f8404")
ROOT = pathlib.Path(__file__).parent / "Seeds"


def seed(target, name, content):
    (ROOT / target).mkdir(parents=True, exist_ok=True)
    (ROOT / target / name).write_bytes(content)


def text(value):
    return b"\x02" + struct.pack(">H", len(value)) + value.encode()


def number(value):
    return b"\x00" + struct.pack(">d", value)


def properties(**values):
    return b"".join(struct.pack(">H", len(name)) + name.encode() + value for name, value in values.items()) + b"\0\0\x09"


def message(kind, time, payload, stream=1, chunk_stream=4, chunk=128):
    head = bytes([chunk_stream]) + min(time, 0xFFFFFF).to_bytes(3, "big") + len(payload).to_bytes(3, "big")
    extended = struct.pack(">I", time) if time >= 0xFFFFFF else b""
    out = head + bytes([kind]) + struct.pack("<I", stream) + extended + payload[:chunk]
    for start in range(chunk, len(payload), chunk):
        out += bytes([0xC0 | chunk_stream]) + extended + payload[start:start + chunk]
    return out


connect = text("connect") + number(1) + b"\x03" + properties(app=text("live"), flashVer=text("FMLE/3.0"))
publish = text("publish") + number(3) + b"\x05" + text("key") + text("live")
metadata = text("@setDataFrame") + text("onMetaData") + b"\x08\0\0\0\x02" + properties(
    videocodecid=number(7), audiocodecid=number(10))
avc_start, aac_start = b"\x17\0\0\0\0" + AVC, b"\xaf\0\x11\x90"
avc_key, avc_other = b"\x17\1\0\0\0\0\0\0\2\x65\x88", b"\x27\1\0\0\x42\0\0\0\2\x41\x9a"
hevc_key = b"\x91hvc1\0\0\x42\0\0\0\3\x26\x01\xaf"
av1_key = b"\x91av01\x12\0\x32\3\x10\xaa\xbb"

session = message(20, 0, connect) + message(20, 0, publish) + message(18, 0, metadata)
frames = message(9, 0, avc_start) + message(8, 0, aac_start, chunk_stream=6) + b"".join(
    message(9, time * 33, avc_other if time % 5 else avc_key) + message(8, time * 33, b"\xaf\1\x21\x21", chunk_stream=6)
    for time in range(12))
seed("chunks", "session", b"\x40" + session + frames)
seed("chunks", "large-chunks", b"\xff" + message(1, 0, struct.pack(">I", 4096), 0, 2) + message(
    9, 0x01000000, avc_key + bytes(5000), chunk=4096))
seed("chunks", "extended", b"\x03" + message(9, 0xFFFFFFF0, avc_key + bytes(200)) + b"\x44\0\0\x20\0\0\1\x09\x17\xc4\x17")
seed("chunks", "abort", b"\x01" + message(9, 0, bytes(300))[:140] + message(2, 0, struct.pack(">I", 4), 0, 2) + frames)
seed("chunks", "aggregate", b"\x10" + message(22, 5, b"\x09\0\0" + bytes([len(avc_start)]) + bytes(7) + avc_start
     + struct.pack(">I", 11 + len(avc_start)) + b"\x08\0\0\4" + bytes(7) + aac_start + b"\0\0\0\x0f"))
seed("chunks", "hevc", b"\x7f" + message(9, 0, b"\x90hvc1" + HEVC) + message(9, 0, hevc_key) + message(9, 33, hevc_key))
seed("amf0", "connect", connect)
seed("amf0", "metadata", metadata)
seed("amf0", "everything", number(1) + b"\1\1" + text("a") + b"\5\6\x0d" + b"\x0a\0\0\0\2\5\5" + b"\x0b" + bytes(10)
     + b"\x0c\0\0\0\2hi" + b"\x0f\0\0\0\2hi" + b"\x10\0\1c" + properties(x=b"\5"))
for name, body in (
    ("avc", avc_start), ("avc-key", avc_key), ("avc-other", avc_other), ("hevc", b"\x90hvc1" + HEVC), ("av1", b"\x90av01" + AV1),
    ("avc1", b"\x90avc1" + AVC), ("hevc-key", hevc_key), ("av1-key", av1_key), ("hevc-x", b"\x93hvc1" + hevc_key[8:]),
    ("metadata", b"\x94hvc1" + text("colorInfo")), ("modifier", b"\x97\3\0\0\0\0\x01hvc1" + hevc_key[5:]),
    ("tracks", b"\x96\x11hvc1\0\0\0\x0a" + hevc_key[5:] + b"\1\0\0\1\0"), ("old-hevc", b"\x1c\0\0\0\0" + HEVC),
):
    choice = 6 if "av1" in name else 4 if "hevc" in name else 2
    seed("flv", name, bytes([choice]) + body)
seed("flv", "aac", b"\1" + aac_start)
seed("flv", "aac-frame", b"\1\xaf\1\x21\x21")
seed("flv", "mp4a", b"\1\x90mp4a\x11\x90")
seed("flv", "mp4a-tracks", b"\1\x95\1mp4a\0\x21\x21")
for name, record in (("small", AVC), ("large", AVC_LARGE), ("fields", AVC_FIELDS)):
    seed("avc", name, record)
seed("hevc", "main", HEVC)
seed("hevc", "main10", HEVC_10)
seed("av1", "main", AV1)
seed("av1", "main10", AV1_10)
for name, record in (("lc", "1190"), ("mono", "1208"), ("he", "2b118800"), ("960", "1194"), ("rate", "178061a810")):
    seed("aac", name, bytes.fromhex(record))


def tag(kind, time, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + (time & 0xFFFFFF).to_bytes(3, "big") + bytes(
        [time >> 24 & 0x7F]) + bytes(3) + body + struct.pack(">I", 11 + len(body))


film = b"FLV\1\5\0\0\0\x09\0\0\0\0" + tag(18, 0, metadata) + tag(9, 0, avc_start) + tag(8, 0, aac_start) + b"".join(
    tag(9, time * 33, avc_other if time % 5 else avc_key) + tag(8, time * 33, b"\xaf\1\x21\x21") for time in range(12))
seed("flvfile", "film", b"\x20" + film)
seed("flvfile", "sound", b"\x03FLV\1\4\0\0\0\x09\0\0\0\0" + tag(8, 0, aac_start) + tag(8, 0x7FFFFFFF, b"\xaf\1\x21"))
seed("flvfile", "hevc", b"\xffFLV\1\1\0\0\0\x09\0\0\0\0" + tag(9, 0, b"\x90hvc1" + HEVC) + tag(9, 0, hevc_key))


def said(body, passed=20):
    return bytes([passed]) + struct.pack(">H", len(body)) + body


def name(value):
    return bytes([len(value)]) + value.encode()


def frame(kind, time, payload, key=False):
    return said(bytes([kind, 1 if key else 0]) + struct.pack(">qI", time, 33_333) + payload)


picture = said(b"\1" + name("avc1.42C00D") + AVC)
sound = said(b"\2" + name("mp4a.40.2") + b"\x11\x90")
opus = said(b"\2" + name("opus") + b"OpusHead\1\2\x38\1\x80\xbb\0\0\0\0\0")
frames = b"".join(frame(3, time * 33_333, b"\0\0\0\2\x65\x88", time % 5 == 0) + frame(4, time * 33_333, b"\x21\x21")
                  for time in range(12))
seed("broadcast", "frames", picture + sound + frames + said(b"\7"))
seed("broadcast", "opus", picture + opus + frames)
seed("broadcast", "container", said(b"\5" + name("video/webm;codecs=vp8,opus")) + said(b"\6" + bytes(40)) + said(b"\7"))


def record(kind, file, offset, length, start, duration):
    return struct.pack(
        ">HBBIqIqqIII", 0x4852, kind, 1, file, offset, length, start, duration, 1 if kind == 3 else 0, 7, 0)


seed("recording", "two-files", record(1, 1, 0, 700, 0, 0) + record(2, 1, 700, 5000, 0, 90000) + record(
    2, 1, 5700, 5000, 90000, 90000) + record(3, 0, 0, 0, 180000, 90000) + record(1, 2, 0, 700, 0, 0) + record(
    2, 2, 700, 900, 270000, 90000))
steady = b"".join(bytes([0x14 | (0x40 if frame % 30 == 0 else 0x80), 0, 33]) + bytes([0, 0, 0]) for frame in range(120))
seed("times", "steady", b"\xc0\0\1\xc0\0\3" + steady)
seed("times", "jumps", b"\xc0\0\1\xc0\0\3" + steady[:200] + b"\x60\x40\0" + steady[:200] + b"\xa0\xff\xf0" + steady[:200])
seed("times", "change", b"\xc0\0\1\xc0\0\3" + steady[:300] + b"\xc0\0\2" + steady[:300] + b"\xc0\0\0\xc0\0\4" + steady)
