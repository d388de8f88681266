"""Durations as people read them."""


def duration_text(seconds: float) -> str:
    """``250 ms``, ``4.2 s``, ``3 min 5 s`` or ``1 h 2 min``."""
    if round(seconds, 3) < 1:
        return f"{round(seconds * 1000)} ms"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    if round(seconds) < 3600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def change_text(seconds: float, usual_seconds: float) -> str:
    """How much longer or shorter than usual: ``+45 %``, ``-30 %``; from three times as long on, ``4.0 x``."""
    if not usual_seconds:
        return ""
    ratio = seconds / usual_seconds
    if ratio >= 3:
        return f"{ratio:.1f} x" if ratio < 100 else f"{ratio:,.0f} x"
    percent = round((ratio - 1) * 100)
    return f"{percent:+} %" if percent else "0 %"
