import 'server-only'

/** Mailboxes that anybody can open: the same domain says nothing about working for the same company. */
const publicDomains: ReadonlySet<string> = new Set(
  `gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es hotmail.com hotmail.de hotmail.fr hotmail.co.uk hotmail.it
  live.com live.de live.fr live.co.uk live.nl msn.com passport.com yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.es yahoo.it
  yahoo.co.jp yahoo.com.br ymail.com rocketmail.com aol.com aol.de aim.com icloud.com me.com mac.com
  gmx.de gmx.net gmx.com gmx.at gmx.ch web.de email.de t-online.de magenta.de freenet.de arcor.de vodafone.de 1und1.de
  online.de kabelmail.de posteo.de posteo.net posteo.eu mailbox.org proton.me protonmail.com protonmail.ch pm.me tutanota.com
  tutanota.de tuta.io tuta.com keemail.me fastmail.com fastmail.fm hey.com zoho.com zohomail.eu mail.com email.com post.com
  bluewin.ch hispeed.ch sunrise.ch aon.at chello.at a1.net utanet.at orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr
  bbox.fr libero.it virgilio.it alice.it tin.it tiscali.it email.it telefonica.net terra.es uol.com.br bol.com.br terra.com.br
  ziggo.nl kpnmail.nl planet.nl xs4all.nl home.nl hetnet.nl telenet.be skynet.be proximus.be btinternet.com bt.com sky.com
  virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk comcast.net verizon.net att.net sbcglobal.net cox.net charter.net
  bellsouth.net earthlink.net juno.com rogers.com shaw.ca telus.net sympatico.ca bigpond.com optusnet.com.au
  wp.pl o2.pl onet.pl interia.pl op.pl seznam.cz email.cz centrum.cz azet.sk freemail.hu citromail.hu abv.bg mail.bg
  mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com rambler.ru ukr.net i.ua qq.com 163.com 126.com sina.com sohu.com foxmail.com
  naver.com daum.net hanmail.net rediffmail.com mail.ee online.ee hot.ee inbox.lv telia.com bredband.net spray.se online.no
  hotmail.no hotmail.se hotmail.nl live.se live.dk live.no outlook.at outlook.be outlook.dk outlook.ie outlook.it outlook.pt
  duck.com simplelogin.com relay.firefox.com privaterelay.appleid.com mailinator.com yopmail.com guerrillamail.com 10minutemail.com`.split(
    /\s+/,
  ),
)

/** Whether two addresses belong to people of one company, as far as a mail address can tell. */
export function isSameCompany(one: string, other: string): boolean {
  const domain = domainOf(one)
  return domain !== '' && domain === domainOf(other) && !isPublicDomain(domain)
}

/** Whether anybody can have an address there. */
export function isPublicDomain(domain: string): boolean {
  return publicDomains.has(domain)
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
