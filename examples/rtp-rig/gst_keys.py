#!/usr/bin/python3
"""GStreamer's own telephone-events (rtpdtmfsrc) beside the audio of a WAV; run by rig.py with the system's Python, which has gi.

  gst_keys.py WAV TRUTH.json PORT mute|both     mute: rtpdtmfmux holds the audio back while a key is pressed; both: rtpmux sends both"""
import json, sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

wav, truth, port, how = sys.argv[1:]; Gst.init(None)
element, sink = ("rtpdtmfmux", "priority_sink_0") if how == "mute" else ("rtpmux", "sink_1")
pipeline = Gst.parse_launch(
    f"filesrc location={wav} ! wavparse ! identity sync=true ! mulawenc ! rtppcmupay name=audio pt=0 min-ptime=20000000 max-ptime=20000000 ! mux.sink_0 "
    f"rtpdtmfsrc name=keys pt=101 packet-redundancy=3 ! mux.{sink}  {element} name=mux ! udpsink host=127.0.0.1 port={port} async=false sync=false")
loop = GLib.MainLoop(); mux = pipeline.get_by_name("mux")
moments = sorted(m for d in json.load(open(truth))["digits"] for m in ((d["start"] / 8000, d["digit"]), (d["end"] / 8000, None)))

def press():
    clock = pipeline.get_clock(); now = (clock.get_time() - pipeline.get_base_time()) / 1e9 if clock else 0
    while moments and moments[0][0] <= now:
        digit = moments.pop(0)[1]
        text = "dtmf-event, type=(int)1, method=(int)1, start=(boolean)" + ("false" if digit is None else f"true, number=(int){'0123456789*#ABCD'.index(digit)}, volume=(int)10")
        mux.send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, Gst.Structure.from_string(text)[0]))
    return True

def told(_, message):
    if message.type == Gst.MessageType.ERROR: print(message.parse_error(), file=sys.stderr)
    if message.type in (Gst.MessageType.EOS, Gst.MessageType.ERROR): loop.quit()

bus = pipeline.get_bus(); bus.add_signal_watch(); bus.connect("message", told)
# The source of keys never ends: the WAV's end is the end.
pipeline.get_by_name("audio").get_static_pad("src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, lambda _, info: (info.get_event().type == Gst.EventType.EOS and GLib.timeout_add(500, loop.quit), Gst.PadProbeReturn.OK)[1])
GLib.timeout_add(5, press); pipeline.set_state(Gst.State.PLAYING); loop.run(); pipeline.set_state(Gst.State.NULL)
