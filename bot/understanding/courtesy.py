"""Nothing but courtesy: a message that greets, thanks, blesses or takes its leave, and says nothing else.

"Ya con eso me retiro, que pase bonita tarde" has words that cards have ("retiro", "tarde"). A closed class of words
says what no list of examples can: that there is no matter left. The judges read it as one more word (:func:`marked`),
and the decision looks for no matter beyond the courtesy.
"""

from __future__ import annotations

import re

from bot.catalogue.text import normalise

MARK = "solocortesia"
"""The word that the judges read after such a message."""
_MOST = 40
"""Words up to which a message is looked at: longer ones tell something."""

# On normalised text; each alone makes a message a courtesy.
_CORE = re.compile(
    r"\b(?:hola|holi|holis|holas|hello|hi|hey|quihubo|quiubo|quiubole|gracias|garcias|gcs|grs|grcs|grx|grax|"
    r"gcias|grasias|thx|thanks|thank you|ty|adios|bye|bai|bay|chao|chau|ciao|saludos|saludo|saluditos|abrazos?|"
    r"bendiciones|bendicion|agradec\w+|agradesc\w+|amable|amables|amabilidad|atencion|atenciones|"
    r"buen(?:os|as|a|o)? (?:dias?|tardes?|noches?|tardecita|nochecita|mananas?)|buenas|bonit[oa] (?:dia|tarde|noche|"
    r"semana|fin|inicio)|(?:lind|hermos|excelente|bendecid|bell|feliz)\w* (?:dia|tarde|noche|semana|domingo|"
    r"lunes|martes|"
    r"miercoles|jueves|viernes|sabado|fin)|hasta (?:luego|pronto|manana|la vista|otra|la proxima|entonces|el \w+)|"
    r"hasta lueguito|nos vemos|nos estamos viendo|al rato|ahi nos vemos|me despido|me retiro|"
    r"con permiso|que (?:descanse|este|le vaya|les vaya|te vaya|se la pase|la pase|pase|tenga|dios|diosito)\w*|cuidese|"
    r"cuidate|cuidense|dios (?:lo|la|los|las|te|le|me|nos|se) \w+|muy amable|mucho gusto|un gusto|un placer|"
    r"quedo (?:al pendiente|atent[oa]|a sus ordenes|agradecid[oa])|descansen?|igualmente)\b"
)
_WORDS = frozenset(
    """
    a abrazo abrazos abur acompane acompanen adios agradecemos agradecer agradecida agradecido agradesco agradezco
    agur ah ahi ahora ahorita ahoritita al alla alto amabilidad amable amablemente amables amanecio amanezca amen
    amiga amigo amigos amiguita amiguito anda ande andele angel angelito animo animos ano anochecer antemano antes
    apoyo aprecio aqui arquitecto asi asta atencion atenciones atenderme atendieron atendio atenta atentamente
    atento atiende atte aun ay ayuda ayudaron ayudo bai bay bella bello ben bendecida bendecido bendice bendicion
    bendiciones bendiga bendigan besito besitos beso besos bien bienestar bonita bonito bot buen buena buenas bueno
    buenos bye caballero camara carinito carino carnal chao chau chavo chavos chida chido chula chulo ciao clara
    clarito claro colega colgar comadre como compa compadre compita con consideracion contestar contestarme contesto
    corazon cordial cordiales cordialmente corran corro cosa cuando cuidate cuide cuiden cuidense cuidese da dar
    dareles darle darles de deberas dejo del demas descansa descansar descanse descansen despedimos despedirme
    despidiendome despido dia diario dias diga digo dios diosito disculpe disfrute disfruten doctor doctora domingo
    don dona dormir duda dudas duerma dulces e el ella ellos en entendi entiendo entonces equipo era es esa escriban
    escribo ese eso esos esta estamos estara este esten estes estoy estuvo excelente excelentes exito exitos
    explicacion explicar explicarme fabulosa familia favor felicidades feliz fin fina finde fines fino fue fuerte
    fuerza fuerzas gcias gcs genial genio gloria gracia gracias grande grandes grata grato grax grcs grs grx guapa
    guapo guarde guey gusto ha haberme habermelo hablamos hable hablo han hasta hay hello hermana hermano hermosa
    hermoso hey hi hija hijo hola holas holi holis hombre hoy igual igualmente ilumine infinita infinitamente
    infinitas informacion ing ingeniera ingeniero inicio ja jaja jajaja jefa jefe jefecita jornada joven jovenaza
    jovencita jovencito jovenes jueves la las le les leyo lic licenciada licenciado linda lindo listo llamare llegue
    llevo lo los luego lueguito lunes maestra maestro magnifica manana maquina maravilla marcharme martes mas me
    mera mero mi miercoles mija mijita mijito mijo mil millon millones molestar molestia molestias mucha muchacha
    muchacho muchachos muchas muchisima muchisimas muchisimo mucho multiplique muy nada navidad ni no noche
    nochecita noches nomas nombre nos nosotros oiga oigame ok okas okay oki okis orale orden ordenes orientacion
    orientarme otra otro paciencia paciente pague para parte pasarla pasarlo pase pasela paselo pasen pases paso
    patron patrona paz pendiente perfecto permiso pero placer platicamos pobre poco por porfa portense preciosa
    pregunta preguntas pronta pronto proteja proxima pueda puedo puente pues que quedamos quede quedo quihubo quiubo
    quiubole ratito rato reina respeto respetuosamente responder respuesta resto retirandome retirarme retiro rey
    robot sabado sale salud saluda saludame saludan saludando saludarle saludarles saludarlo salude saludeme
    saludito saluditos saludo saludos santa santo se sea seguimos semana seno senor senora senores senorita
    senoritas ser seria serian servicio servicios si siempre siga sigue simpatica sin sirve sirvio sobre solo son
    sonrisa soy su suene suenos super sus tal tambien tan tanta tantas tantito tanto tarde tardecita tardes te ten
    tenga tengan tengas tenido thank thanks thx tiempo toda todas todito todo todos tomarse total tqm tu tus ty u un
    una unas unos usted ustedes va vale valioso vamos vaya vayan vayase vemos ver vera verdad vez vida viendo
    viernes virgen virgencita voy wey y ya yo you
    """.split()  # noqa: SIM905
)
_NAMES = frozenset(
    """
    alejandra alma ana andrea angeles antonio araceli beto carlos carmen cecilia chabela chayo chela chepe chucho
    claudia cruz cuca daniel diana elena enrique erika esperanza esther fatima fernanda fernando francisco gaby
    gloria graciela guadalupe hector irma jaime javier jesus jorge jose josefina juan juana julia julio karina karla
    laura leticia lola lorena lucha lucia luis lupe lupita luz magda manuel marcela margarita maria mario marta
    martha mary mayra memo mercedes miguel mike miriam monica nacho nancy norma olga oscar pablo paco patricia paty
    pedro pepe pera petra rafael ramon raquel raul rebeca ricardo roberto rocio rosa rosario rosy ruben ruth
    salvador sandra sara sergio silvia sofia sonia tere teresa tona tono valeria vero veronica victor yolanda
    """.split()  # noqa: SIM905
)
_REFUSALS = frozenset({"no", "si", "sip", "nop", "yes"})
"""Such a first word answers a question: "no, gracias"."""


def only_courtesy(text: str) -> bool:
    """Say whether a text is a greeting, thanks or a farewell, and names no matter."""
    normalised = normalise(text[:400])
    words = normalised.split()
    if not words or len(words) > _MOST or words[0] in _REFUSALS or not _CORE.search(normalised):
        return False
    if "no gracias" in normalised or any(map(str.isdigit, normalised)):
        return False
    return all(word in _WORDS or word in _NAMES or not word.isalpha() for word in words)


def marked(text: str, normal: str) -> str:
    """Return a text's normal words, with :data:`MARK` after those of one that is nothing but courtesy."""
    return f"{normal} {MARK}" if only_courtesy(text) else normal
