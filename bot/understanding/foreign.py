"""Words that make a paper somebody else's: shops, private schools, games, programs, pets, other countries' offices.

"Licencia" with one of them is seldom the driver's licence. How much such a counts is fitted with all else
(:mod:`bot.understanding.decision`): "Liverpool no me entrega" is a complaint that has a card. They are names and words
that people use, on normalised text.
"""

from __future__ import annotations

import re

from bot.catalogue.text import normalise

_MOST = 2

_NAMES = """
adidas adobe aeromexico airbnb alexa aliexpress alsea amazon android anahuac apple asus att aurrera autocad
autozone aws axa banamex bancomer bancoppel banorte banregio bbva bimbo bitcoin blim calimax caliente canva
chatgpt chedraui chilis cinemex cinepolis cinemark claro cocacola coppel costco crunchyroll didi discord disney
dominos duolingo ebay elektra estafeta excel facebook fedex fifa flexi fortnite fornite gamepass gandhi
github gmail gnp google gta hbo heb hotmail hsbc huawei icloud ikea imdb inbursa innova instagram insta
interjet iphone itam iteso izzi jumex kahoot kavak klar kueski lala lamborghini legos lenovo liverpool linkedin
mac macbook mcdonalds megacable mercadolibre mercadopago messenger microsoft minecraft modelorama motorola movistar
netflix nike nintendo nubank office oracle outlook oxxo palacio panamericana paramount paypal photoshop
pinterest platzi playstation pokemon powerpoint ps4 ps5 rappi razer reddit roblox roku samsung sams santander sap
scotiabank sears shein shopify skype smartfit snapchat soriana spotify starbucks starlink steam suburbia subway
suburban telcel telegram telmex temu tesla ticketmaster tiktok tinder totalplay toyota twitch twitter uber udemy
udla unitec unefon utel valorant volaris walmart waze whatsapp windows word xbox xiaomi yahoo youtube zara
zelda zoom ado ibero tecmilenio lasalle harvard oxford stanford
""".split()  # noqa: SIM905
_THINGS = """
perro perra perrito perrita perritos gato gata gatito gatita gatitos michi cachorro cachorra cachorritos mascota
mascotas hamster perico loro canario conejo tortuga pez peces iguana caballo yegua vaca becerro gallina gallinas
pitbull husky veterinario veterinaria videojuego videojuegos consola wifi contrasena password
antivirus impresora laptop app playlist streaming torneo gimnasio gym yoga crossfit concierto taquilla
horoscopo chiste cancion novela pelicula anime meme memes parroquia iglesia bautizo bautismo misa
templo catecismo padrinos quinceanera quinceanos tanda rifa condominio club spa antro bar restaurante hotel vuelo
crucero tatuaje maquillaje dron
""".split()  # noqa: SIM905
_LANDS = (
    r"(?:alemania|aleman[a]?|argentina|australia|belgica|belice|bolivia|brasil|california|canada|canadiense|chile|china|"
    r"chino|colombia|corea|cuba|cubano|dubai|ecuador|egipto|espana|espanol[a]?|europe[ao]|florida|francia|frances[a]?|"
    r"guatemala|guatemalteco|holanda|honduras|india|inglaterra|ingles[a]?|irlanda|israel|italia|italian[ao]|japon|"
    r"japones[a]?|marruecos|noruega|nueva york|nueva zelanda|panama|peru|polonia|portugal|reino unido|rusia|salvador|"
    r"suecia|suiza|texas|turquia|uruguay|venezuela|gringo|gringa|american[ao]|estadounidense|estados unidos|usa|eua)"
)
_ABROAD = re.compile(
    rf"\b(?:visa|embajada|consulado|ciudadania|nacionalidad|residencia(?: permanente)?|pasaporte|licencia|"
    rf"seguro social|green card|permiso de (?:trabajo|residencia)|antecedentes penales|predial|pension)(?: \w+)? "
    rf"(?:de |del |en |para |por )?(?:los |el |la )?{_LANDS}\b"
    r"|\b(?:visa|green card|w2|dmv|irs|uscis|toefl|ielts|ssn)\b"
)
_WORDS = frozenset([*_NAMES, *_THINGS])


def foreign_words(text: str) -> int:
    """Count what makes a text somebody else's business, up to two."""
    normalised = normalise(text[:600])
    found = sum(word in _WORDS for word in set(normalised.split()))
    found += "mexic" not in normalised and bool(_ABROAD.search(normalised))  # Mexico's consulates are ours
    return min(found, _MOST)


__all__ = ["foreign_words"]
