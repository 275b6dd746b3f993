"""Which words of a question may name a procedure of its own, and which only go on with the one in view.

"¿Qué papeles me van a pedir?", "¿cuánto cuesta por 6 años?", "¿la puedo hacer desde mi casa?" and "¿cuánto tarda en
llegar?" name nothing: their verbs, spans of time and persons are everybody's. The words are folded and never shown.
"""

from __future__ import annotations

import re

from bot.catalogue.text import keywords, normalise, stem
from bot.understanding.words import rest

_DONE_TO_IT = re.compile(r"(?!renov|repon|cambi|corre)\w+[aei]r(?:me|se|le)?l[oa]s?")
"""A verb done to "it" ("pedirla", "hacerlo")."""
_FROM_HOME = re.compile(
    r"(?<!\w)(?:(?:desde|en|sin salir de) (?:mi |la |su )?(?:propia )?casa|desde (?:aqui|el (?:celular|cel|telefono))"
    r"|en linea|por (?:internet|linea|telefono)|sin ir)(?!\w)"
)
_NOTHINGS = frozenset(
    """
    nosotros nosotras ustedes alguien
    era eran fuera fuese fueran informes junta juntar juntamos preguntar preguntarle preguntarles pregunto
    a afecta afectan ahi algo alguna alguno ambos anio anito anitos ano anos aprox aproximadamente asi cada carnal
    cobrara cobraran cobraria cobrarian comun comunico conviene costara costaran costaria costarian cuenta da deja
    dejan demora demorara dia dias doy dura duran ella ellas ello ellos empezar empieza empiezo encuentro estaban
    estamos estan estando estaria estoy estuvo exactamente exigen exigir fechas gastar gasto gustaria habra habran
    habla hablan hablar hablo hace hacer hago haria hay hora horas iba igual importa incluye ir irme joven
    llama llaman llamar llamo llegan llegar llegara llegue llevamos llevara llevo marca marcan marcar marco mas
    menos mes meses mia mias minimo minuto minutos mio mios mucha muchas mucho muchos naci nacieron nacimos nacio
    necesitar necesitaria
    necesito nomas nuestra nuestro num obtener ocupar ocuparia pagar pagaria pasa pasaria pasos pedir pediran
    pedirian pedirle pedirme perder piden podemos podre podria pongo presentar presentarle presta prestan primera
    primero puedo que quedo queremos quincena quisiera radica radicamos radico rapido recibir recibo requiere
    requieren sacaria sacarla sacarlo saldra saldria salen salga salir segunda segundo semana semanas senora
    senorita sera seran siempre siendo sigue siguiente solo somos soy suya suyas suyo suyos tambien tampoco tardan
    tardara tardaria tarde tenemos tener tengo tiene tienen toca todavia todo todos total traemos traigo tramitarse
    trata trimestre tuya tuyo una uno unos va vamos van vaya venir verdad vez viaje vive viven vivia vivian vivimos
    vivio vivo voy x
    """.split()  # noqa: SIM905
)
_PERSON = re.compile(
    r"(?<!\w)(?:mi|mis|su|sus|el|la|un|una|de|del|para|pa) (?:espos[oa]s?|marido|mujer|pareja|novi[oa]|hij[oa]s?"
    r"|nin[oa]s?|bebes?|niet[oa]s?|herman[oa]s?|mamas?|papas?|abuel[oa]s?|abuelit[oa]s?|suegr[oa]s?|ti[oa]s?|vecin[oa]s?|amig[oa]s?"
    r"|prim[oa]s?|sobrin[oa]s?|cunad[oa]s?|familia|senor|senora|wife|husband|son|daughter|compa|cuate|carnal[ea]?s?|jef[ea]s?|jefit[oa]s?|viej[oa]|viejit[oa]|comadre|compadre|nuera|yerno"
    r"|madre|padre|abue|chamac[oa]s?|morr[oa]s?|chav[oa]s?|madrina|padrino|ahijad[oa]s?)(?!\w)"
)


def names(said: str) -> list[str]:
    """Return the words of a normalised text that may name a procedure."""
    left = _FROM_HOME.sub(" ", said)
    return [
        word
        for word in rest(" ".join(left.split()))
        if word not in _NOTHINGS and not word.isdigit() and not _DONE_TO_IT.fullmatch(word)
    ]


_MONEY = frozenset("paga pagan pagaran pagarian pago cobra cobran dan dar darian depositan".split())  # noqa: SIM905


def telling(said: str) -> list[str]:
    """Return the words of a normalised text that tell one thing from another: no call, no payment, nobody's verb."""
    return [word for word in said.split() if word not in _NOTHINGS and word not in _MONEY]


def without_persons(said: str) -> str:
    """Return a normalised text without the persons that it names ("de mi esposa")."""
    return " ".join(_PERSON.sub(" ", said).split())


_CLITICS = re.compile(r"(?<=[aei]r)(?:me|se|nos|les?|l[oa]s?)+$")
_DEED_ENDS = re.compile(r"(?<=\w{4})(?:amos|imos|aron|ieron|aste|iste|arian?|aria|aba)$")
_ANYBODYS = frozenset(
    map(
        stem,
        """
        paso pasos tramite tramites papel papeles persona mexico estado tener tengo hacer saque sacar pida pedir
        ayuda apoyo apoyos mas primer primera primero vez gratis cosa casa
        """.split(),  # noqa: SIM905
    )
)


def root(word: str) -> str:
    """Return the stem of a word without what hangs on a verb ("registrarla", "registramos", "registre")."""
    return stem(_DEED_ENDS.sub("", _CLITICS.sub("", word)))


def roots(text: str) -> set[str]:
    """Return the roots of the words of a text that carry meaning."""
    return {root(word) for word in keywords(normalise(text))} - _ANYBODYS
