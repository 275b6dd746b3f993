"""Danger, noticed in words. The patterns are the citizens' words, on folded text; they err on the side of help.

Three steps: slips of the ear are put right ("kiero morir", "mi ija no aparese"), manners of speaking are taken out ("me
muero de risa"), and what is left is compared. :func:`kind_of` says that a word of danger is there, so that a small
chance of an emergency is enough; :func:`unmistakable` needs no other judge.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from bot.catalogue.places import fold

Kind = Literal["danger", "violence", "suicide", "missing"]

_KIN = (
    r"(?:hij[oa]s?|hijit[oa]s?|nin[oa]s?|bebe|chamac[oa]s?|chiquit[oa]|muchach[oa]s?|niet[oa]s?|sobrin[oa]s?|"
    r"herman[oa]s?|hermanit[oa]|prim[oa]s?|mama|mami|mamita|jefecit[oa]|papa|papi|padre|madre|espos[oa]|marido|mujer|"
    r"senora?|viej[oa]|viejit[oa]|novi[oa]|pareja|abuel[oa]s?|abuelit[oa]s?|amig[oa]|ti[oa]s?|cunad[oa]|suegr[oa]|"
    r"nuera|yerno|carnal|compadre|comadre|familiar|ex|companer[oa])"
)
_MAN = (
    r"(?:esposo|marido|pareja|novio|ex|ex ?(?:esposo|marido|novio|pareja)|senor|viejo|papa|padre|padrastro|hijo|"
    r"hermano|tio|primo|abuelo|cunado|suegro|patron|jefe|vecino|yerno|concubino|hombre|tipo|esposa|mujer|suegra|mama)"
)
_NOT_LISTED = (
    r"(?! (?:en (?:el|la|los|las|mi|su|esa|ese) (?:sistema|lista\w*|acta|curp|registro|padron|pagina|internet|nomina|"
    r"poliza|seguro|imss|portal|app|resultado\w*)|registrad|inscrit|dad[oa] de alta|como|vigente|para|por que|en "
    r"linea))"
)
_SINCE = r"(?:desde|ayer|anoche|hoy|en (?:la noche|toda)|y|a (?:dormir|la casa|su casa|casa)|de (?:la|su|el|ayer))"

_WORDS: dict[Kind, tuple[str, ...]] = {
    "suicide": (
        r"suicid\w*", "(?:quit(?:ar|arme|arse|o)|qitar(?:me|se)?) (?:me |se )?la vida",
        "(?:me |se )?(?:quier[eo]|quisiera|voy a|va a|pienso|pienso en|piensa|ganas de|deseos de) (?:matarme|"
        r"matarse|morirme|morirse|morir|ahorcarme|ahorcarse|colgarme|colgarse|desaparecer de)\b",
        r"(?:me|se) (?:quier[eo]|voy a|va a) (?:morir|matar|colgar|ahorcar|aventar|tirar (?:al|del|de))\b(?! a)",
        "(?:quiero|prefiero|preferiria|quisiera|mejor) (?:estar )?muert[oa]",
        "quisiera no (?:haber nacido|despertar|existir)",
        r"no quiero (?:seguir )?viv(?:ir|iendo)\w*(?! (?:en (?:es[ea]|la|el|mi|otr[oa]|un[oa]?)|con|ahi|alla|"
        r"sol[oa]|lejos)\b)",
        r"(?:ya )?no (?:quiero|quisiera|deseo) (?:estar (?:aqui|viv[oa]|en este mundo)|existir|despertar\w*|seguir "
        "(?:viviendo|aqui|adelante|con (?:mi|esta|la) vida|asi))", "ya no quiero seguir$",
        "no (?:tengo|le veo|le encuentro|encuentro|hallo|tiene) (?:ganas de vivir|sentido (?:a|vivir)|por que vivir|"
        "para que vivir|razon (?:para|pa) (?:vivir|seguir)|fuerzas (?:para|pa|de) (?:vivir|seguir))",
        "(?:acabar|terminar) con (?:todo|mi vida|esta vida)", "(?:ponerle|ponerle un|poner) fin a (?:mi|esta) vida",
        "hacerme dano", r"lastim\w+ a mi mism[oa]", "(?:me|se) lastima a si mism[oa]",
        "(?:me|se) (?:quiere |quiero |voy a )?cort(?:o|e|ar|arme|arse|aba|ando) (?:los brazos|las venas|las munecas)",
        "me (?:estoy cortando|quiero cortar)", "cort(?:arme|arse|e|o|ado) (?:las venas|los brazos)",
        r"pastillas para (?:matar|morir|dormir y no)\w*", r"(?:me )?(?:envenen\w+ (?:a proposito)?|envenene)",
        r"(?:me |se )?(?:tome|tomo|tomado|trague|trago|empino)(?: \w+){0,2} (?:pastillas|medicinas|veneno|raticida|"
        "cloro|frasco|insecticida|thinner|sosa)", "sobredosis", r"no despertar(?:me|se)?\b(?! (?:a|al|la|el))",
        "mejor me muero", "(?:estarian|estaran|estaria) mejor sin mi", "(?:sin|perdi las|no hay) ganas de vivir",
        "no (?:vale|tiene caso|merece) (?:la pena )?(?:vivir|seguir viviendo)",
        "no aguanto (?:mas )?(?:la|esta|mi) vida", "ya no (?:aguanto|puedo) mas (?:y )?(?:me )?quiero",
        r"(?:ya )?no quiere (?:vivir|seguir viviendo|estar viv)\w*", r"matarme\b",
        "quiero dejar de (?:existir|vivir|sufrir)", "estar(?:ia|ian)? (?:mejor )?muert[oa]",
        "mejor me (?:hubiera muerto|mato)", "carta de despedida",
        r"aventar(?:me|se) (?:del|de un|al) (?:puente|metro|tren|techo|edificio|\w+ piso)",
        r"(?:arma|pistola|navaja|cuchillo|soga|cuerda|pastillas|veneno|gillette|vidrio) en (?:la|las|mi|mis) manos?",
        r"(?:que )?se acabe todo(?: de una vez| ya| hoy)*$|hoy se acaba todo|(?:descans\w+|dormir\w*|"
        r"duermo) para siempre",
        r"(?:no|ni) (?:le |me )?(?:encuentr|hall|v)\w+ (?:caso|sentido|chiste|razon(?:es)?) (?:a|para|de) (?:seguir )?"
        r"(?:vivir|viviendo|la vida)",
        r"(?:me |nos )?(?:dejo|deje|escribio|mando|escribi) (?:\w+ ){0,4}(?:despidiendo(?:me|se)|de despedida|"
        r"de adios)",
        "(?:cuerda|soga|mecate) (?:ya )?(?:list[oa]|amarrad[oa]|colgad[oa]|preparad[oa])",
        r"nadie (?:me )?(?:va a |iba a )?(?:extran|llorar)\w*", "end(?:ing)? it all", "no reason to (?:live|go on)",
        "(?:better off|be better) without me",
        "kill (?:myself|himself|herself)", "want to die", "end my life", "don t want to (?:live|wake up)",
        "hurt myself", "took (?:a lot of|too many|all (?:my|the)) pills",
    ),
    "missing": (
        rf"(?:mi|mis) {_KIN}(?: \w+){{0,2}} (?:se )?desapareci(?:o|eron)\b(?! (?:de la lista|del sistema|el|la)\b)",
        rf"mi {_KIN}\b.{{0,200}}\bde (?:ahi|alli|entonces) (?:para|pa) aca (?:ya )?(?:nada|no (?:sabemos|contesta))",
        r"(?:esta |estan )?desaparecid[oa]s?\b", rf"(?:se )?desaparecio (?:mi|una|un|la|el) (?:\w+ )?{_KIN}",
        rf"no aparece[n]? (?:mi|mis) {_KIN}{_NOT_LISTED}", "no aparece (?:desde|por ningun)",
        rf"(?<!de )(?<!para )(?:mi|mis) {_KIN}(?: \w+)? no aparece{_NOT_LISTED}",
        rf"no (?:llega|llego|vuelve|volvio|regresa|regreso|ha llegado|ha vuelto|ha regresado) (?:mi|mis) {_KIN}\b",
        rf"(?:mi|mis) {_KIN}(?: \w+){{0,4}} (?:ya )?no (?:ha (?:llegado|vuelto|regresado)|llego|volvio|regreso|"
        rf"regresa|vuelve|llega) {_SINCE}",
        rf"(?:mi|mis) {_KIN} (?:ya )?no (?:ha (?:llegado|vuelto|regresado)|regreso|volvio)$",
        r"(?:salio|salieron|se fue|iba)\b.{0,60} (?:y )?(?:ya )?(?:no|nunca|es hora que no) (?:ha |a )?(?:regres\w+|"
        r"volvi\w+|vuelve|vuelto|llego|llegado|contesta)",
        r"se (?:la |lo |los |las )?(?:llevaron|robaron)(?: a)? (?:mi|mis|un|una|unos) (?:\w+ )?" + _KIN,
        "se (?:la|lo|los|las) llevaron(?! (?:preso|detenid|al corralon|a reparar))", r"secuestr\w+",
        rf"(?:lo|la) levantaron (?:unos|los|anoche|ayer)|levantaron a (?:mi|un|una) (?:\w+ )?{_KIN}",
        "no (?:lo |la |los |las )?(?:encuentro|encontramos|hallo|hallamos|localizo|localizamos) a (?:mi|mis) "
        rf"{_KIN}", "no (?:lo|la) (?:encuentro|encontramos|hallamos|hallo) por ningun",
        rf"no (?:se|sabemos|tengo|tenemos) (?:nada |noticias |donde esta )?(?:de )?(?:mi|mis) {_KIN}(?: (?:desde|"
        "hace|y|ayer|anoche)|$)", "no sabemos nada de (?:mi|el|ella)",
        rf"(?:mi|mis) {_KIN}\b.{{0,200}}(?:nadie (?:sabe (?:nada )?de (?:el|ella|ellos)|(?:lo|la|los|las) ha "
        r"(?:vuelto a ver|visto))|(?:ya )?no (?:supimos|sabemos|se sabe) (?:nada )?de (?:el|ella|ellos))",
        rf"(?:mi|mis) {_KIN}\b.{{0,200}}(?:celular|cel|telefono|cell) (?:\w+ ){{0,3}}(?:apagado|a buzon|al buzon|"
        rf"en buzon)",
        rf"(?:mi|mis) {_KIN}(?: \w+){{0,5}} se (?:me |nos )?(?:perdio|extravio) (?:en (?:el|la|un|una)|entre|"
        rf"hace (?:\w+ )?"
        r"(?:rato|hora\w*|minutos?)|desde|ayer|anoche|hoy|saliendo|camino)", rf"nadie (?:sabe (?:nada )?de|"
        rf"ha visto a|sabe donde esta) "
        rf"(?:mi|mis) {_KIN}",
        "no se (?:nada de|donde esta) (?:mi|mis) " + _KIN,
        r"(?:se (?:me )?perdio|perdi a) mi (?:hij|nin|mama|papa|abuel|niet|sobrin|herman|bebe)\w*(?! (?:el|hace "
        "(?:un|dos|tres)|la (?:vista|casa)))", "no (?:ha|a) (?:vuelto|regresado)$",
        r"no (?:llega|contesta|regresa|vuelve|aparece) ni (?:contesta|llama|llega|avisa|responde|manda|me contesta)\w*",
        rf"(?<!de )(?<!para )a (?:mi|mis) {_KIN}(?: \w+){{0,9}} (?:ya )?no (?:lo|la|los|las) (?:hall|encontr|encuentr|"
        r"localiz|veo|vemos)\w*",
        "no lleg[oa] (?:a (?:la |su )?casa|de la escuela|anoche|a dormir)", "(?:is|went|has been) missing",
        "(?:did not|didn t) come home", "kidnapped", "alerta amber", r"tienen (?:a|secuestrad\w+ a) mi " + _KIN,
    ),
    "violence": (
        "me (?:esta |estan |anda |siguen )?(?:pega|pego|pegan|pegando|pegaron|golpea|golpeo|golpean|golpeando|"
        "golpearon|golpio|maltrata|maltratan|viola|violo|violaron|violando|ahorca|ahorco|patea|pateo|jalonea|"
        r"jaloneo|empuja|avienta|avento(?! (?:los|las|el|la|mis?|sus?|un|una) (?:papel|document|hoja|solicitud|acta|"
        r"credencial|folder|dinero|cambio|recibo|carpeta|migra)\w*)|cachetea|cacheteo|azota|agrede|agredio|"
        r"agrediendo|acuchillo|apunalo)\b(?! "
        "(?:el sol|la (?:gana|nostalgia|desvelada|edad|tristeza)|el (?:calor|frio|hambre)))",
        "me (?:quiere|quieren|va a|van a|iba a|puede|intento|trato de|quiso|quisieron) (?:pegar|matar|golpear|"
        "violar|lastimar|hacer (?:dano|algo)|quemar|agredir|ahorcar|tocar|manosear)",
        "(?:esta|estan|andan) (?:pegando|golpeando|maltratando|violando|ahorcando|azotando|linchando)",
        r"(?:esta|estan|andan) (?:pegandol|golpeandol|matandol|ahorcandol)\w+",
        r"(?:le|les|nos) (?:pega|pegan|pego|esta pegando|estan pegando|quiere pegar|quieren pegar|va a pegar)\b",
        "(?:golpea|golpean|golpearon|maltrata|maltratan|violaron|viola) (?:a (?:mi|su|un|una|sus|los)|mucho a)",
        r"abus(?:o|aron|a|an|ando) (?:de (?:mi|un|una|ella|su|los|la)|sexual\w*)",
        "me (?:tiene|tienen|tenia) (?:encerrad|amenazad|amarrad|secuestrad|escondid)[oa]", "me encerro",
        "se mete (?:a|en) mi (?:cuarto|cama|recamara)",
        "no (?:me|nos) (?:deja|dejan) salir(?! (?:del pais|de vacaciones))", r"me amenaz\w+ (?:con|de|mi|si|a|que)",
        "violencia (?:en (?:mi|la) casa|familiar|intrafamiliar|domestica|fisica|de pareja)|(?:sufro|vivo|vivimos|"
        "sufre) (?:con |de |mucha )?violencia", r"(?:mi|su) \w+ (?:la|lo) (?:toca|manosea|tocaba)\b",
        r"me (?:toca|tocaba|manosea|manoseo) mi \w+",
        "(?:mi|un|el) (?:papa|padre|padrastro|tio|primo|abuelo|hermano|maestro|profe|vecino|jefe|patron|senor|"
        r"novio) me (?:toca|tocaba|toco|manosea|manoseo)\b(?! (?:el|la|los|las|ir|cobrar|pagar|recoger|llevar|hacer|"
        "renovar))", r"me (?:toca|toco) (?:el|un) (?:senor|hombre|padrastro|tio|maestro|profe|vecino|novio)\b",
        r"manose\w+", r"me (?:esta )?acos\w+",
        r"me obligan? a (?:acostar|tener relaciones|prostituir|tocar|hacer cosas)\w*",
        rf"(?:{_MAN}) (?:es|esta|se pone) (?:muy |bien )?violento", "levant(?:a|o) la mano",
        rf"tengo miedo (?:de|que|a)(?: que)? (?:mi {_MAN}|me (?:mate|pegue|haga|golpee|encuentre))",
        rf"(?:le )?tengo (?:mucho )?miedo a mi {_MAN}", "tienen? (?:a .{0,20})?(?:encerrad|amarrad|amenazad)[oa]s?",
        "golpiza|a patadas|machetazos|me persigue", "beating me", "beats me", "hits? me", "raped", "hurting me",
        "abus(?:ed|ing) me", "hit me",
    ),
    "danger": (
        "auxilio", "socorro", r"\b911\b", "balacera", "balazos?", "tiroteo", "disparos", "me dispararon",
        "balead[oa]",
        "(?:traen?|con|tienen?|saco|sacaron) (?:una |un )?(?:pistolas?|armas?|cuchillo|machete|navaja|rifle)",
        "(?:hombres?|gente|tipos?|alguien) armad[oa]s?", "esta armado",
        "me (?:estan|andan|vienen|viene) (?:robando|siguiendo|asaltando|persiguiendo|apuntando|correteando|"
        "amenazando)",
        "nos (?:estan|andan|vienen|tienen) (?:robando|siguiendo|asaltando|persiguiendo|apuntando|disparando|"
        r"encanonad\w+|amenazad\w+)", r"me apunt\w+ con", r"me sigue[n]? (?:un|una|unos|dos|tres|alguien)\b",
        "alguien (?:me|nos) (?:viene )?(?:sigue|siguiendo)",
        "se (?:esta |estan )?(?:metieron|metiendo|metio|brincaron|quieren meter) (?:a|por|en) (?:mi|la|robar|casa)",
        "se metio .{0,30}a robar", "me van a matar", r"amenaz\w+ de muerte",
        "(?:dijo|dice|dicen) que (?:me|nos) (?:va|van) a (?:matar|quemar|desaparecer|balacear|balear|"
        "levantar|picar)",
        r"si no (?:les |le |se |lo )?(?:\w+ )?(?:pago|pagamos|pague|paguemos|doy|damos|deposito|depositamos|entrego|"
        r"entregamos|coopero)\b.{0,40}\b(?:quem|mat|balace|balea|levant|desaparec|pic|golpe|lastim)(?:a|an|ar|en|e|"
        r"er)\b",
        r"los de la mana\b|(?:cobr\w+|derecho de|piden) (?:el )?piso\b(?! (?:lamin|de))",
        "(?:estoy|estamos|esta) en peligro", "corre peligro", "por mi vida", r"extorsion\w*",
        r"si no (?:les |le |se lo |se los |la |lo )?(?:junt|pag|da|dep|deposit|entreg|coopera|mand)\w* .{0,60}\b"
        r"(?:van|va|vienen) a (?:venir a |regresar a )?(?:quem|mat|balace|levant|desaparec|golpe|lastim)\w*",
        r"(?:quieren|piden|exigen|pidieron|exigieron) .{0,60}\b(?:pesos|mil|dinero|lana|feria|varos|cuota) o "
        r"(?:si no )?(?:me |nos |la |lo |los |las |le |les )?(?:vienen|van|matan|queman|regresan|llevan|levantan|hacen|"
        r"pasa)\b",
        r"(?:tengo|tenemos|dieron) (?:una|dos|tres|media|\d+) (?:horas?|dias?) para (?:juntar|pagar|depositar|entregar|"
        r"dar) (?:la |su |una )?(?:cuota|piso)\b",
        r"mand\w+ (?:una |unas )?fotos? de (?:mi|mis|nuestr\w+) (?:casa|familia|hij\w+|nin\w+)\b.{0,120}\b(?:dicen|"
        r"quieren|piden|deposit\w+|pag\w+)",
        "(?:piden|pidiendo|quieren) (?:dinero|rescate)(?: por)? .{0,20}(?:mi|matan)", r"incendi\w+",
        "(?:se )?esta (?:quemando|incendiando|ardiendo)|se (?:quema|prendio) (?:mi|la|el|una|un)",
        "hay (?:mucho )?(?:fuego|lumbre|humo)", "ambulancia", "patrulla", "bomberos", "no (?:puedo|puede) respirar",
        "no respira", "(?:me |le )?falta (?:mucho )?el aire", "infarto", "infartando", "derrame cerebral",
        "se desmayo", "no (?:reacciona|despierta)", rf"{_KIN} no responde", "inconsciente", r"convuls\w+",
        "se (?:esta |estan )?(?:ahogando|asfixiando|atragantando)|se (?:ahog[oa]|atraganto|atoro con)",
        "fuga de gas|huele (?:mucho |bien fuerte |fuerte )?a gas", "herid[oa]s?", "(?:des)?sangrando",
        "(?:mucha|perdiendo) sangre", "atrapad[oa]s?", "prensad[oa]s?", r"derrumb\w+",
        r"(?:me|lo|la|le|se) (?:esta )?(?:estoy )?muriendo\b(?! de)",
        rf"(?:mi|una?) (?:{_KIN}) se (?:muere|esta muriendo)",
        r"(?:me|lo|la|los) (?:atropell|apunal|acuchill|navaj|pic)(?:o|aron|e|eo|earon)\b(?! (?:un mosco|la "
        "curiosidad))", r"(?:mordio|pico) (?:una?|a mi) (?:vibora|serpiente|alacran|arana|\w+)", r"electrocut\w+",
        "(?:se )?(?:volco|volcamos|volteo) (?:el|un|una|la|en)", r"hubo un (?:choque|accidente)|acaba\w* de chocar",
        "(?:esta|estoy) (?:pariendo|por parir|a punto de parir|dando a luz)|se me (?:vino|viene) el parto",
        r"(?:se )?(?:tomo|trago|comio|bebio) (?:\w+ )?(?:cloro|veneno|pila|pastillas|sosa|raticida)", r"desangr\w+",
        r"acaba[n]? de (?:matar|balear|atropellar|asaltar|golpear|violar|apunalar|secuestrar|levantar)\w*",
        "(?:es|tengo|tenemos) una (?:emergencia|urgencia medica)|emergencia medica|^emergencia$",
        "(?:manden?|necesito|ocupo|urge|llamen|venga) (?:por favor )?(?:a la |la |una? |a )?(?:ayuda urgente|"
        "policias?)",
        "explot(?:o|aron) (?:el|un|una|la)|hubo una explosion|se oyen? (?:gritos|golpes|detonaciones|tiros)",
        "se (?:esta )?(?:cayo|cayendo|vino|desplomo) (?:el (?:cerro|techo)|la (?:casa|barda)|un (?:edificio|avion|"
        "poste)|una barda)",
        rf"(?:mi|un) {_KIN} se (?:cayo|quemo|envenen\w+|intoxico|trago|ahoga) (?:de|del|a|al|y|con|en|una?)\b",
        "(?:me|le) duele (?:mucho |muy fuerte )?(?:el )?pecho", "no siento (?:las|la|el) (?:piernas?|brazo|cara)",
        "no se (?:puede )?(?:mueve|mover|levanta|levantar|para|parar)$", rf"mi {_KIN} (?:\w+ ){{0,3}}morad[oa]",
        "(?:esta|hay) .{0,25}tirad[oa] (?:en|y)",
        "(?:el agua|nos) .{0,12}(?:llega al|tapando|inundando|llevando el agua)", "escondid[oa] (?:en|con|debajo)",
        r"(?:rompio|revento|rompieron) (?:\w+ )?la fuente|(?:empez\w+|tengo|tiene|son|ya) (?:\w+ "
        r"){0,3}(?:contracciones|"
        r"dolores de parto)|(?:ya )?(?:viene|esta naciendo) (?:el|mi|la) bebe (?:y|aqui|ya|ahorita)",
        r"(?<!del )agua (?:\w+ ){0,4}(?:a|en|por|hasta|entrando a) (?:la|las|el|los) (?:cintura|rodillas?|pecho|"
        r"cuello|techo|"
        r"ventanas?|segundo piso)|(?:estamos|seguimos|estoy|sigo) (?:\w+ ){0,2}(?:en el techo|en la azotea|"
        r"atorad[oa]s?)",
        "hay (?:un|unos) (?:ladron|ratero|rateros|hombres?|tipos?) (?:en|dentro|adentro)",
        "(?:quieren?|quiere) entrar a (?:mi|la) casa|(?:tirando|tumbando|pateando) la puerta", "sicarios",
        "hay muertos", "mataron a .{0,25}(?:ahorita|aqui|afuera|en la calle)",
        "(?:tuvo un accidente|chocamos|choque) y",
        r"pag\w+\b.{0,30}\b(?:levant|desaparec|secuestr)(?:an|aran|amos|en) a (?:mi|mis|su|sus|una?)\b",
        r"de (?:hoy|esta (?:noche|tarde)) no pas(?:o|a|amos)\b|(?:me|nos) (?:accident\w+|volteamos|volcamos|"
        r"drogaron)|nos (?:quieren|van a) (?:matar|quemar|robar)",
        "me quieren (?:robar|levantar|llevar|subir|secuestrar)", r"me (?:robaron|quitaron) a mi (?:bebe|hij|nin)\w*",
        "breaking into", "call the police", "not breathing", "he has a gun", "there is a fire", "following me",
    ),
}  # fmt: skip
_COMPILED = tuple((kind, re.compile(rf"(?<!\w)(?:{'|'.join(words)})")) for kind, words in _WORDS.items())

# Unmistakable even where the classifier heard something else. Telling of the past is not here, nor is asking for a
# procedure.
_NOW_WORDS = (
    "(?:me|nos|le|les|lo|la) (?:esta|estan) (?:pegando|golpeando|ahorcando|violando|pateando|apuntando|disparando|"
    "acuchillando|balaceando)", "me apuntan con",
    "me (?:quiere|quieren) (?:matar|violar|secuestrar|levantar|golpear|ahorcar)",
    "(?:me|nos) (?:va|van) a (?:matar|violar|secuestrar|levantar|golpear|ahorcar|quemar)",
    rf"(?:mi )?{_MAN} (?:me|nos) (?:va|quiere) (?:a )?(?:pegar|matar|golpear|violar|quemar)",
    "me va a pegar(?! (?:el|la|los|las|en|de|mas))",
    "(?:me|se) (?:quiero|quiere|voy a|va a) (?:morir|matar|ahorcar|colgar|suicidar|quitar la vida)(?! (?:de|por|en|"
    r"a|el|la|si|con|un|mi)\b)",
    r"(?:quiero|voy a) (?:matarme|suicidarme|morirme|quitarme la vida|ahorcarme|colgarme)(?! (?:de|por|en)\b)",
    "(?:estoy pensando en|pienso en|he pensado en|pensamientos de|ganas de) (?:matarme|suicidarme|morirme|suicidio|"
    r"quitarme la vida)(?! de\b)",
    "(?:ya )?no quiero (?:seguir viviendo|vivir|despertar|existir)(?! (?:en|con|ahi|aqui|alla|sol[oa]|de|a|tan|"
    r"temprano|lejos|cerca|mas (?:en|con))\b)", "quiero (?:acabar|terminar) con (?:mi vida|todo)", "tengo la soga",
    "(?:me )?tome (?:muchas|todas (?:las|mis)|un frasco de|un monton de|varias) pastillas", "me corte las venas",
    "me (?:tome|trague) (?:un |el )?(?:veneno|raticida|cloro|insecticida)",
    "(?:hay|ahi esta|es) (?:una balacera|balazos|un tiroteo)(?! (?:de goles|en la (?:tele|serie|pelicula)))",
    "no respira", "no (?:puede|puedo) respirar",
    "(?:me|nos) estan (?:asaltando|secuestrando|disparando|persiguiendo)",
    "me estan robando(?! (?:con|en|el internet|la senal))",
    "(?:me|nos) (?:estan|vienen|viene|anda|andan) siguiendo(?! (?:en|por) (?:tik|insta|face|twit|red|internet))",
    "me viene siguiendo",
    "se (?:metieron|estan metiendo) a (?:mi casa|robar)(?! (?:la semana|el mes|hace|cuando|ayer|el ano))",
    rf"(?<!de )(?<!para )mi {_KIN} no aparece{_NOT_LISTED}",
    rf"(?:se )?desaparecio mi {_KIN}(?! (?:de la lista|del sistema|hace))", rf"no aparece mi {_KIN}{_NOT_LISTED}",
    rf"no (?:llega|llego|vuelve|regresa|regreso|ha llegado|ha vuelto|ha regresado) mi {_KIN} (?:desde|anoche|a "
    "dormir|a la casa|a su casa|de la escuela|del trabajo|y (?:no|ya|su)|ayer)",
    rf"no (?:encuentro|encontramos|hallo|hallamos) a mi {_KIN}(?! (?:en el (?:sistema|registro)|para|una|un|en la "
    "lista))",
    rf"(?:se llevaron|levantaron|secuestraron|tienen secuestrad[oa]) a mi {_KIN}(?! (?:hace|preso|detenid|al|el "
    "ano))", "(?:esta|se esta) (?:desangrando|muriendo|asfixiando|convulsionando)(?! de)",
    "(?:tiene|trae|saco) (?:una pistola|un arma|un cuchillo|un machete) y", "estoy en peligro",
    "(?:manden|mande|necesito|ocupo|urge) (?:a la |una |un |la )?(?:ambulancia|patrulla|policia)",
    "(?:se esta|esta) (?:quemando|incendiando) (?:mi|la|una) casa", "kill myself", "want to die",
    "(?:want to end|(?:thinking|think) (?:about|of) ending) (?:it all|my life)",
    r"(?:empezo|empezaron|esta|tiene|anda|entro) (?:con |a |en |teniendo )?(?:las )?convuls\w+",
    rf"mi {_KIN}\b.{{0,200}}\bde (?:ahi|alli|entonces) (?:para|pa) aca (?:ya )?(?:nada|no (?:sabemos|contesta))",
     "(?:quieren|piden|exigen) (?:\\w+ ){1,6}o (?:nos |me )?(?:matan|queman|levantan)",
    "(?:is )?beating me", "going to (?:kill|hit|hurt) me", "not breathing", "don t want to live",
    "someone is following me",
    "(?:daughter|son|child|wife|husband|brother|sister|mother|father|kid) (?:is|has been|went) missing",
)  # fmt: skip
_CRIES = ("auxilio(?! (?:con|para|por mi) )", "socorro")
"""Calls for help that people also use of a form that they cannot fill in."""
_FEW = 3
"""Words with which a call for help says nothing else."""
_NOW = re.compile(rf"(?<!\w)(?:{'|'.join(_NOW_WORDS)})(?!\w)")
_CRY = re.compile(rf"(?<!\w)(?:{'|'.join(_CRIES)})(?!\w)")

_LONG_AGO = re.compile(
    r"(?<!\w)(?:hace (?:\w+ ){0,2}(?:anos?|meses)(?! que)|(?<!desde )el (?:ano|mes) pasado|cuando era nin[oa]"
    r"|hace (?:mucho |harto )?tiempo(?! que))(?!\w)"
)

_MADE_UP = re.compile(
    r"(?<!\w)(?:vi|vimos|veo|viendo|ver|visto|lei|leo|leyendo|acabe|termine|escuche|salio|sale|pasa|paso|pasan|titulo|"
    r"nombre|final|llama|llamaba|trata) (?:\w+ ){0,3}(?:pelicula|peli|serie|novela|telenovela|capitulo|cuento|"
    r"documental|caricatura|videojuego|podcast)s?(?!\w)"
    r"|(?<!\w)(?:escrib\w+|invent\w+|redact\w+|haciendo|haz|hacer|hago) (?:\w+ ){0,2}(?:cuentos?|novelas?|guion|"
    r"corridos?|"
    r"cancion|historieta|poema|obra de teatro)(?!\w)"
)

_ALARM = re.compile(
    r"(?<!\w)(?:"
    # weapons, blows, threats
    r"(?:des)?arm(?:a|as|ad[oa]s?)\b|pist\w*l|pizt\w*l|rifle|escopet|[ck]uch\w*ll|nabaj|navaj|machet|[bv]al(?:a|as|"
    r"e|ea|ean|"
    r"eando|ear|ead[oa]|ase\w*|ace\w*|az\w+)\b|dispar|tiro(?:s|teo)\b|detona|golp|peg(?:a|an|ando|ar|o|ue|uen|aron|"
    r"ndo|ado)\b|mat(?:a|an|ar\w*|e|en|o|aron|ado)\b|ahorc|aog|ahog|asfix|apunal|acuchill|cintaraz|patad|pate[oa]|"
    r"empuj|enpuj|"
    r"jalone|aventa|avient|cachete|estrang|lastim|(?:hacer|hace|hizo|haga|hare)(?:se|me|le)? (?:un )?dano|agred|agresi|"
    r"insult|maltrat|amenaz|amenas|exig|extors|estors|cuota|rescate|viola|violo|biol|violent|abus|manose|tocar?\b|"
    r"tocaba|"
    r"toco\b|acos|enc?err|encerad|amarr|escond|persig|persegu|sigu(?:e|en|io|iendo\w*)\b|"
    r"secu?est|sekuest|levantaron|(?:se )?l[al]?o?s? ?lleva(?:ron|n)\b|rapt|asalt|rater|ladron|encapuch|meti(?:o|"
    r"eron|endo)\b|"
    r"roban\w*|rban|rbar|robar\b|"
    # body and mind
    r"sangr|herid|desmay|dsmay|desvan|conv?uls|combuls|infart|embolia|derrame|pecho|torci|chueca|respir|incon|inkon|enben|"
    r"reac?c?ion|reaks|mueve|morad|vomit|enven|veneno|beneno|raticid|pastill|cloro|trag[oa]|soga|cuerda|venas|benas|"
    r"cort(?:o|e|ar\w*|ad[oa]s?|aba)\b|dolor|marea|pari[roe]|pariendo|parto|fuente\b|contrac|alivi(?:ar|ando)|"
    r"suicid|vivir\b|viviendo|viv[oa]s?\b|existir|morir\w*|muriendo|muertos?\b|despid|despedi|carta|acab[ea]? todo|"
    r"para siempre|aguant|ahuant|ya no puedo|sentido|razones|desaparecer|dormir(?:me|se)|"
    # fire, water, crashes, falls
    r"fuego|lumbre|humo|llamas|quem|kem|incend|insend|explo|gas\b|inund|corriente|atora|atrap|derrumb|tirad|volc|"
    r"cho(?:c|qu)|estamp|atrope?[ly]|accident|ca(?:y|ll)(?:o|eron|endo)|[ck]ayo|c cayo|pozo|barranc|puente|rio\b|"
    # somebody who is not there
    r"aca (?:ya )?nada\b|desap|aparec|aparez|encuentr|encontr|encuntr|hall[oa]\b|perdid[oa]\b|cont?est|apagad|buzon|"
    r"no (?:ha|han|a|sabemos|se|yega|llega|llego|volvi\w+|regres\w+|vuelve)\b|"
    # calls
    r"auxil|ausil|ayud|socorr|ambul|anbul|patrull|polic|manden|vengan|grit|llora|yora|miedo|peligr|emergencia|"
    r"help|gun\b|knife|blood|bleed|fire\b|smoke|hit(?:s|ting)?\b|hurt|kill|die\b|dying|missing|find my|kidnap|rape|"
    r"scared|"
    r"overdose|pills|broke into|suicid|beat|shoot|shot|followed|following|stab|unconscious|breath|drown|crash)"
)
"""What may tell of a danger: hardly any message of danger has none of these, though most that have one tell of none."""

# Manners of speaking, and danger on a screen: taken out before anything is compared.
_MANNERS = re.compile(
    r"(?<!\w)(?:"
    r"(?:me |se |nos )?(?:quier[eo] |voy a |va a |estoy |andamos )?(?:muer[oe]|morir(?:me|se)?|muriendo|muert[oa]|"
    r"matar|matas?|mato|mataron|matando) "
    r"(?:de|por un\w*|por ti|con) (?:la |el |un |una |mucha |tanta |tanto |pura |puro |un puro )?(?:risa|hambre|"
    r"sed|sueno|calor|frio|pena|verguenza|"
    r"envidia|ganas|nervios|coraje|cansancio|aburrimiento|flojera|amor|celos|ternura|emocion|felicidad|gusto|miedo de "
    r"reprobar|antojo|taco\w*|sonrisa|mirada|verguenza|infarto|susto|colera|bilis|tristeza por|impaciencia|"
    r"desesperacion|"
    r"espera|lo (?:caro|tardado|lento|largo)|aburricion|estres)"
    r"|me (?:mata|matan|esta matando|va a matar|van a matar) (?:el|la|los|las|este|esta|estos|tu|su) (?:\w+)"
    r"(?! (?:con|si|a golpes))"
    r"|me (?:va|van) a matar (?:mi (?:mama|papa|esposa|jefa|novia|vieja|mujer|senora|suegra)) (?:si|por|porque|"
    r"cuando|jaja)"
    r"|mi (?:mama|jefa|esposa|vieja|novia|mujer|senora|suegra) me (?:va a matar|mata) (?:si|por|porque|cuando|jaja\w*)"
    r"|(?:este|el|tanto) (?:tramite|papeleo|examen|trabajo|calor|frio) (?:me )?(?:va a matar|mata|esta matando)(?:me)?"
    r"|(?:ya )?me (?:quiero|voy a) (?:morir|matar)\b.{0,25}\b(?:ja){2,}\w*|(?:ja){2,}\w*.{0,15}\bme (?:quiero|"
    r"voy a|quise) "
    r"(?:morir|matar)"
    r"|(?:cuanto |en cuanto )?(?:cuesta|cobran?|sirve|funciona|jala)(?: \w+){0,2} (?:el |al )?911|(?:el |al "
    r")?911 (?:cuesta|cobran?|"
    r"sirve|funciona|jala|es gratis|atiende)|para que (?:es|sirve) (?:el )?911"
    r"|(?:ice|la migra|migracion|inmigracion) (?:agarro|detuvo|arresto|se llevo|levanto) (?:a )?(?:mi|mis|un|"
    r"una) \w+(?: .*no "
    r"sabemos \w+ (?:lo|la|los) tienen?)?"
    r"|apuntando (?:esto|eso|todo|(?:\w+ )?en (?:el|la|un|una|su|mi) (?:celular|telefono|lista|libreta|cuaderno|hoja))"
    r"|te (?:voy a|quiero) (?:matar|ahorcar)|(?:mataria|moriria) por"
    r"|(?:me|nos) (?:esta |estan |tienen? |traen |va a |van a |quieren? )?(?:ahorc|asfixi|mat)\w+ (?:con|"
    r"de) (?:\w+ ){0,2}"
    r"(?:comision\w*|interes\w*|pagos?|deudas?|impuestos?|cuotas?|cobros?|recargos?|requisitos?|tramites?|papeleo)"
    r"|(?:se )?(?:me )?(?:murio|muere) (?:el|la) (?:celular|bateria|compu|tele|computadora|pila|motor|planta)"
    r"|(?:el|la|las|los|este|esta|estas|estos|tanta|tanto|tantas|tantos) (?:bancos?|citas?|filas?|colas?|recibos?|"
    r"comision\w*|interes\w*|deudas?|vueltas?|requisitos?|tramites?|papeleo|papeles|examen\w*|tareas?|trafico|cobros?|"
    r"impuestos?|precios?|rentas?|sat|predial|burocracia|espera)(?: \w+){0,4} (?:me|nos) (?:va|van|quieren?|"
    r"esta|estan) "
    r"(?:a )?(?:mat\w+|ahorc\w+|volver loc\w+)"
    r"|(?:plant\w*|planta|matas?|matit\w+|rosal\w*|arbol\w*|flor\w*|sabila|milpa|maiz|cosecha|pez|peces|"
    r"pecesito|pollos?|"
    r"pollitos?|gallinas?|guajolot\w+|vacas?|becerr\w+|puerc\w+|cochin\w+|conej\w+|perric\w+|peric\w+|pasto|"
    r"jardin|negocio|"
    r"bateria|celular|compu\w*)(?: \w+){0,2} (?:se )?(?:me )?(?:esta|estan|anda|andan) (?:muriendo|ahogando|asfixiando)"
    r"|(?:como|con que|con) (?:\w+ )?se escribe\b.*|\w+ (?:\w+ )?se escribe\b.*|que (?:significa|quiere decir)\b.*"
    r"|casi (?:me|nos|le) (?:da|dio|daba|dan) (?:un|el|al) (?:infarto|patatus|ataque|sincope|soponcio)"
    r"|(?:a|por) la fuerza (?:ja){2,}"
    r"|(?:celular|bateria|compu|tele|computadora|carro|moto|perrit[oa]|perr[oa]|gat[oa]) (?:no (?:responde|reacciona|"
    r"despierta|respira)|se (?:murio|ahogo|esta muriendo))"
    r"|se (?:me )?(?:ahogo|ahoga|quemo|quemaron|esta quemando) (?:el|la|los|las|mi|un) (?:carro|coche|motor|auto|arroz|"
    r"frijoles|comida|pastel|foco|tele\w*|celular|refri\w*|sopa|tortillas|foto\w*)"
    r"|(?:balacera|bomba|lluvia) de (?:goles|noticia\w*|risas)"
    r"|(?:pelicula|serie|corrido\w*|novela|cancion|videojuego|juego|libro|caricatura|tarea|noticias?|noticiero)s?"
    r"(?: \w+){0,3} (?:secuestr\w+|balazos?|balacera|suicid\w+|asesin\w+|disparos?|pistolas?|infarto|incendi\w+|"
    r"violencia|extorsion\w*)"
    r"|(?:casi|por poco) (?:me|nos|le) (?:da|dio|daba) (?:un|el) infarto (?:con|de|por|al|cuando)"
    r"|me (?:ahogo|estoy ahogando) en (?:un vaso|deudas|trabajo|tarea)"
    r"|(?:me|nos) (?:dieron|metieron|pusieron|golearon) (?:una )?(?:golpiza|paliza) (?:en|de \d|\d)"
    r"|me (?:robo|robaste|robaron) (?:un beso|el corazon)|me (?:sigue|siguen|estan siguiendo) (?:gustando|doliendo|en "
    r"(?:insta\w*|tik\w*|face\w*|twit\w*)|much[oa]s en)"
    r"|sal (?:con las )?herid[oa]s|herida (?:del|de la) (?:alma|corazon)"
    r"|(?:el )?(?:perr[oa]|gat[oa]|mascota|celular|control) (?:se (?:me )?(?:perdio|desaparecio)|no aparece)"
    r")(?!\w)"
)

# As people write in haste what the patterns above spell rightly; whole words of a folded text.
_BY_EAR = {
    "nesesito": "necesito", "aserme": "hacerme", "aserle": "hacerle", "aserse": "hacerse", "allo": "hallo",
    "kiero": "quiero", "qiero": "quiero", "kero": "quiero", "kiere": "quiere", "qiere": "quiere", "kieren": "quieren",
    "kieran": "quieran", "ija": "hija", "ijo": "hijo", "ijos": "hijos", "ijas": "hijas", "mija": "mi hija",
    "mijo": "mi hijo", "ermano": "hermano", "ermana": "hermana", "aparese": "aparece", "haparece": "aparece",
    "desaparesio": "desaparecio", "desaparesido": "desaparecido", "desaparesida": "desaparecida", "bibir": "vivir",
    "vibir": "vivir", "bivir": "vivir", "biolo": "violo", "biolaron": "violaron", "viol": "violo", "golpio": "golpeo",
    "golpia": "golpea", "pegandoo": "pegando", "pegandome": "pegando", "kemando": "quemando", "qemando": "quemando",
    "yego": "llego", "yega": "llega", "yegado": "llegado", "yevaron": "llevaron", "yebaron": "llevaron",
    "llebaron": "llevaron", "ausilio": "auxilio", "auxsilio": "auxilio", "ausilios": "auxilio", "axilio": "auxilio",
    "ausiliooo": "auxilio", "insendio": "incendio", "ensendio": "incendio", "incendeo": "incendio",
    "anbulancia": "ambulancia", "anvulancia": "ambulancia", "hambulancia": "ambulancia", "ambulansia": "ambulancia",
    "anbulansia": "ambulancia", "ambulacia": "ambulancia", "rrespira": "respira", "rezpira": "respira",
    "respirra": "respira", "reaciona": "reacciona", "reaxiona": "reacciona", "desmallo": "desmayo",
    "valasera": "balacera", "balasera": "balacera", "balaseras": "balacera", "balasos": "balazos", "valazos": "balazos",
    "ciguiendo": "siguiendo", "siguendo": "siguiendo", "persigiendo": "persiguiendo", "ban": "van", "boy": "voy",
    "boi": "voy", "ay": "hay", "kitar": "quitar", "kitarme": "quitarme", "kitarse": "quitarse", "qitarme": "quitarme",
    "kitarle": "quitarle", "secustraron": "secuestraron", "sekuestraron": "secuestraron", "secuestaron": "secuestraron",
    "convulciones": "convulsiones", "combulsiones": "convulsiones", "conbulsiones": "convulsiones",
    "combulciones": "convulsiones", "convulcionando": "convulsionando", "enpezo": "empezo",
    "dsaparecio": "desaparecio", "dsaparesio": "desaparecio", "dezaparecio": "desaparecio",
    "encuentr": "encuentro", "encuento": "encuentro", "enkuentro": "encuentro", "buelto": "vuelto",
    "regresao": "regresado", "maltrta": "maltrata", "m": "me", "mr": "me", "stan": "estan", "sta": "esta", "ta": "esta",
    "tan": "estan", "q": "que", "k": "que", "ke": "que", "policias": "policia", "suisidar": "suicidar",
    "suisidarme": "suicidarme", "suicidarm": "suicidarme", "zuicidarme": "suicidarme", "matarm": "matarme",
    "morirm": "morirme", "ahogndo": "ahogando", "aogando": "ahogando", "sangrndo": "sangrando", "pistla": "pistola",
}  # fmt: skip


@lru_cache(maxsize=64)
def _said(text: str) -> str:
    """Return the folded text with slips of the ear put right and manners of speaking taken out."""
    return " ".join(_MANNERS.sub(" ", _heard(text)).split())


@lru_cache(maxsize=64)
def _heard(text: str) -> str:
    return " ".join(_BY_EAR.get(word, word) for word in _RUN.sub(r"\1", fold(text)).split())


_RUN = re.compile(r"([^\W\d])\1{2,}")


def kind_of(text: str) -> Kind | None:
    """Return what kind of danger the words name, or None."""
    said = _said(text)
    return next((kind for kind, pattern in _COMPILED if pattern.search(said)), None)


def unmistakable(text: str) -> bool:
    """Say whether the words name a danger that is happening now, whatever else was understood."""
    said = _said(text)
    alone = len(said.split()) <= _FEW and _CRY.search(said)
    return bool(alone or _NOW.search(said)) and not long_ago(text)


def long_ago(text: str) -> bool:
    """Say whether the words tell of what was months or years ago, or of what somebody makes up."""
    return bool(_LONG_AGO.search(_heard(text))) or made_up(text)


def made_up(text: str) -> bool:
    """Say whether the words tell of a film or a book, or of what somebody writes."""
    return bool(_MADE_UP.search(_heard(text)))


def alarming(text: str) -> bool:
    """Say whether a text has any word that a danger is told with, or calls."""
    return bool(_ALARM.search(_said(text)))


def cries(text: str) -> bool:
    """Say whether the text calls for help in so many words: an emergency, unless it plainly asks for a card."""
    return bool(_CRY.search(_said(text)))
