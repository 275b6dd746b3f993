"""Danger, noticed in words. The patterns are the citizens' words, on folded text; they err on the side of help."""

from __future__ import annotations

import re
from typing import Literal

from bot.catalogue.places import fold

Kind = Literal["danger", "violence", "suicide", "missing"]

_WORDS: dict[Kind, tuple[str, ...]] = {
    "suicide": (
        r"suicid\w*", "quitar(?:me|se)? la vida", r"(?:me |se )?quier[eo] (?:matarme|matarse|morir\w*)",
        "(?:me|se) (?:quiere|quiero) (?:morir|matar)(?! a)", r"kiero morir\w*", "no quiero (?:seguir )?vi[vb]ir",
        "ya no quiero (?:estar aqui|existir)", "acabar con (?:todo|mi vida)", "hacerme dano",
        "cort(?:o|arme|aba) (?:los brazos|las venas)", "se corto las venas", "no le veo sentido a (?:la|mi) vida",
        r"pastillas para (?:matar|morir)\w*", r"me envenen\w+", r"no despertar(?:me)?\b", "mejor me muero",
        "sin ganas de vivir", "kill myself", "want to die", "end my life", "don t want to live", "hurt myself",
    ),
    "missing": (
        r"desaparecid[oa]s?\b", "desaparecio mi", "no aparece (?:mi|desde)", r"mi \w+ no aparece",
        "se (?:la |lo )?llevaron a mi", r"secuestr\w+", "levantaron a mi",
        r"no (?:lo |la |los )?(?:encuentro|encontramos) a mi \w+", "no sabemos nada de (?:mi|el|ella)",
        "no (?:ha |a )?(?:regreso|regresado|vuelto|volvio) (?:a|de|desde|anoche|ayer|y)",
        "no (?:ha|a) (?:vuelto|regresado)$", "no llego (?:a (?:la |su )?casa|de la|anoche)",
        r"perdi a mi (?:hij|nin|mama|papa)\w*", "no ha (?:llegado|regresado) (?:mi|desde|a la casa)",
        "(?:is|went) missing", "did not come home", "kidnapped",
    ),
    "violence": (
        r"me (?:esta )?(?:pega|pego|pegan|pegando|golpea|golpeo|golpean|golpeando"
        r"|maltrata|viola|violo|violaron|ahorca|ahorco|patea|pateo|jalonea|jaloneo|empuja|avienta)\b",
        "me (?:quiere|va a|puede) (?:pegar|matar|golpear)", "esta (?:pegando|golpeando)",
        r"(?:le|les) (?:pega|pego|esta pegando|estan pegando)\b", "abus(?:o|aron|a|an|ando) (?:de|sexual)",
        "me tiene (?:encerrada|amenazada)", "me encerro", "violencia (?:en mi casa|familiar)", "sufro violencia",
        r"(?:mi|su) \w+ (?:la|lo) toca", r"me (?:toca|tocaba|manosea|manoseo) mi \w+",
        r"(?:mi|un|el) (?:papa|padre|padrastro|tio|primo|abuelo|hermano|maestro|profe|vecino|jefe|patron|senor|novio) "
        r"me (?:toca|tocaba|toco|manosea|manoseo)\b(?! (?:el|la|los|las|ir|cobrar|pagar|recoger|llevar|hacer|renovar))",
        r"me (?:toca|toco) (?:el|un) (?:senor|hombre|padrastro|tio|maestro|profe|vecino|novio)\b",
        r"me (?:esta )?acos\w+",
        "(?:esposo|marido|pareja|novio|ex|senor|viejo|papa|padre|padrastro|hijo|hermano|tio|hombre)"
        " (?:es|esta|se pone) (?:muy )?violento",
        "beating me", "beats me", "hits? me", "raped", "hurting me", "abus(?:ed|ing) me",
    ),
    "danger": (
        "auxilio", "socorro", r"\b911\b", "balacera", "balazos", "me dispararon",
        "(?:traen?|con|tiene) (?:una )?(?:pistola|arma|cuchillo)", "me estan (?:robando|siguiendo|asaltando)",
        "se metieron a (?:mi|robar)", "se metio .{0,30}a robar", "me van a matar", "amenaz(?:aron|an|o) de muerte",
        r"extorsion\w*", r"incendi\w+", "se esta quemando", "ambulancia", "patrulla", "no respira", "infarto",
        "se desmayo", "no reacciona", "se esta ahogando", "se ahog[oa]", "fuga de gas", "herid[oa]s?", "sangrando",
        "atrapad[oa]s", r"derrumb\w+", "breaking into", "call the police", "not breathing", "he has a gun",
        "there is a fire",
    ),
}  # fmt: skip
_COMPILED = tuple((kind, re.compile(rf"(?<!\w)(?:{'|'.join(words)})")) for kind, words in _WORDS.items())

# Unmistakable even where the classifier heard something else. Telling of the past is not here, nor is asking for a
# procedure.
_NOW_WORDS = (
    "auxilio", "socorro", "me esta (?:pegando|golpeando|ahorcando)", "me (?:quiere|va a) matar", "me van a matar",
    "me quiero (?:morir|matar|quitar la vida|suicidar)", "quiero (?:matarme|suicidarme|morirme|quitarme la vida)",
    "ya no quiero vivir", "no quiero (?:seguir viviendo|vivir)", "se quiere (?:matar|suicidar|quitar la vida)",
    "(?:hay|ahi esta) (?:una balacera|balazos)", "no respira", "me estan (?:robando|asaltando|golpeando)",
    "se metieron a (?:mi casa|robar)",
    "mi (?:hij[oa]|nin[oa]|herman[oa]|espos[oa]|mama|papa) (?:no aparece|desaparecio)",
    "desaparecio mi (?:hij[oa]|nin[oa]|herman[oa]|espos[oa]|mama|papa)",
    "kill myself", "want to die", "is beating me", "going to kill me", "not breathing",
    "(?:daughter|son|child|wife|husband|brother|sister|mother|father) is missing",
)  # fmt: skip
_NOW = re.compile(rf"(?<!\w)(?:{'|'.join(_NOW_WORDS)})(?!\w)")


def kind_of(text: str) -> Kind | None:
    """Return what kind of danger the words name, or None."""
    folded = fold(text)
    return next((kind for kind, pattern in _COMPILED if pattern.search(folded)), None)


def unmistakable(text: str) -> bool:
    """Say whether the words name a danger that is happening now, whatever else was understood."""
    return bool(_NOW.search(fold(text)))
